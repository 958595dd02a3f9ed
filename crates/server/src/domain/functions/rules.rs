//! Rule expressions: whether a caller may call a function (protocol §9, `can_evaluate`). Pure: what a rule
//! asks of functions is asked before, and put in its place.

use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Deeper rules are refused: they are written by people.
const MAX_DEPTH: usize = 32;

/// What a function has answered: never expanded, because users may have a say in it.
pub(super) const LITERAL: &str = "%literal";

/// What expansions such as `%%user.id` stand for.
pub(super) struct Scope<'s> {
    pub(super) user: &'s Value,
    pub(super) request: &'s Value,
    pub(super) values: &'s Value,
    pub(super) environment: &'s Value,
}

type Evaluated<T> = Result<T, String>;

/// Whether the rule allows it. The error is a sentence about the rule, for the operator.
pub(super) fn allows(rule: &Value, scope: &Scope<'_>) -> Evaluated<bool> {
    scope.allows(rule, 0)
}

/// The place of a function call in a rule, as a JSON pointer; of nested ones, of the innermost. The caller
/// runs it and puts `{"%literal": <result>}` there.
pub(super) fn next_call(rule: &Value) -> Option<String> {
    fn find(value: &Value, path: &mut String) -> bool {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(name, value)| (escaped(name), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => return false,
        };
        for (name, child) in children {
            let length = path.len();
            path.push('/');
            path.push_str(&name);
            if find(child, path) {
                return true;
            }
            path.truncate(length);
        }
        matches!(value, Value::Object(members) if members.len() == 1 && members.contains_key("%function"))
    }
    let mut path = String::new();
    find(rule, &mut path).then_some(path)
}

/// As a part of a JSON pointer (RFC 6901 §3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Scope<'_> {
    fn allows(&self, rule: &Value, depth: usize) -> Evaluated<bool> {
        let members = match rule {
            Value::Null => return Ok(true),
            Value::Bool(allowed) => return Ok(*allowed),
            Value::String(text) if text.is_empty() => return Ok(true),
            Value::String(text) => {
                return Ok(self.expanded(text)?.is_some_and(|value| *value == Value::Bool(true)));
            }
            Value::Object(members) => members,
            _ => return Err(format!("{rule} is no rule")),
        };
        if depth > MAX_DEPTH {
            return Err("the rule is nested too deeply".into());
        }
        for (name, condition) in members {
            let holds = match name.as_str() {
                "%and" | "$and" => self.each(condition, depth)?.into_iter().all(|holds| holds),
                "%or" | "$or" => self.each(condition, depth)?.into_iter().any(|holds| holds),
                "%not" | "$not" => !self.allows(condition, depth + 1)?,
                LITERAL => *condition == Value::Bool(true),
                _ => self.matches(self.expanded(name)?.as_deref(), condition, depth + 1)?,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn each(&self, rules: &Value, depth: usize) -> Evaluated<Vec<bool>> {
        let rules = rules.as_array().ok_or("%and and %or take an array of rules")?;
        rules.iter().map(|rule| self.allows(rule, depth + 1)).collect()
    }

    /// Whether `value` is as `condition` says: equal to it, or what its operators want.
    fn matches(&self, value: Option<&Value>, condition: &Value, depth: usize) -> Evaluated<bool> {
        if depth > MAX_DEPTH {
            return Err("the rule is nested too deeply".into());
        }
        let Some(operators) = condition.as_object().filter(|members| is_operators(members)) else {
            return Ok(equal(value, self.operand(condition, depth)?.as_ref()));
        };
        for (operator, operand) in operators {
            if !self.holds(value, &operator[1..], operand, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&self, value: Option<&Value>, operator: &str, operand: &Value, depth: usize) -> Evaluated<bool> {
        if operator == "not" {
            return Ok(!self.matches(value, operand, depth + 1)?);
        }
        let wanted = self.operand(operand, depth)?;
        let wanted = wanted.as_ref();
        let among = || match wanted {
            Some(Value::Array(items)) => Ok(items.iter().any(|item| equal(value, Some(item)))),
            _ => Err(format!("%{operator} takes an array")),
        };
        let order = || compare(value, wanted);
        Ok(match operator {
            "eq" => equal(value, wanted),
            "ne" => !equal(value, wanted),
            "in" => among()?,
            "nin" => !among()?,
            "gt" => order() == Some(Ordering::Greater),
            "gte" => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
            "lt" => order() == Some(Ordering::Less),
            "lte" => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
            "exists" => value.is_some_and(|value| !value.is_null()) == (wanted == Some(&Value::Bool(true))),
            _ => return Err(format!("%{operator} is no operator")),
        })
    }

    /// The arguments of a function call in a rule.
    pub(super) fn arguments(&self, arguments: &Value) -> Evaluated<Vec<Value>> {
        match self.operand(arguments, 0)? {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(arguments)) => Ok(arguments),
            Some(other) => Err(format!("the arguments of %function are an array, and not {other}")),
        }
    }

    /// A value of the rule with what its expansions stand for; nothing if that is not there.
    fn operand(&self, operand: &Value, depth: usize) -> Evaluated<Option<Value>> {
        if depth > MAX_DEPTH {
            return Err("the rule is nested too deeply".into());
        }
        let inner = |value: &Value| Ok(self.operand(value, depth + 1)?.unwrap_or_default());
        Ok(Some(match operand {
            Value::String(text) => return Ok(self.expanded(text)?.map(Cow::into_owned)),
            Value::Array(items) => Value::Array(items.iter().map(inner).collect::<Evaluated<_>>()?),
            Value::Object(members) => match single(members) {
                Some((LITERAL, value)) => value.clone(),
                Some((converter, value)) if converter.starts_with('%') && !converter.starts_with("%%") => {
                    converted(converter, &inner(value)?)?
                }
                Some((number, Value::String(digits))) if number.starts_with("$number") => {
                    serde_json::from_str(digits).map_err(|_| format!("{operand} is no number"))?
                }
                _ => operand.clone(),
            },
            other => other.clone(),
        }))
    }

    /// What `%%…` stands for; any other text stands for itself.
    fn expanded<'v>(&'v self, text: &'v str) -> Evaluated<Option<Cow<'v, Value>>> {
        let Some(path) = text.strip_prefix("%%") else {
            return Ok(Some(Cow::Owned(Value::String(text.to_owned()))));
        };
        let (root, rest) = path.split_once('.').map_or((path, None), |(root, rest)| (root, Some(rest)));
        let root = match root {
            "true" => return Ok(Some(Cow::Owned(Value::Bool(true)))),
            "false" => return Ok(Some(Cow::Owned(Value::Bool(false)))),
            "user" => self.user,
            "request" => self.request,
            "values" => self.values,
            "environment" => self.environment,
            _ => return Err(format!("%%{path} stands for nothing here")),
        };
        let step = |value: &'v Value, name: &str| match value {
            Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get(at)),
            other => other.get(name),
        };
        let found = rest.map_or(Some(root), |rest| rest.split('.').try_fold(root, step));
        Ok(found.map(Cow::Borrowed))
    }
}

fn single(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, value) = members.iter().next()?;
    (members.len() == 1).then_some((name, value))
}

/// Whether an object holds operators, and is not a value: extended JSON begins with `$` too.
fn is_operators(members: &Map<String, Value>) -> bool {
    const OPERATORS: [&str; 10] = ["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "exists", "not"];
    let is_operator =
        |name: &String| name.strip_prefix(['$', '%']).is_some_and(|operator| OPERATORS.contains(&operator));
    !members.is_empty() && members.keys().all(is_operator)
}

fn converted(converter: &str, value: &Value) -> Evaluated<Value> {
    let text = |value: &Value, wrapper: &str| {
        let text = value.as_str().or_else(|| value.get(wrapper).and_then(Value::as_str));
        text.map(str::to_owned).ok_or_else(|| format!("{converter} takes a string"))
    };
    let wrapped =
        |wrapper: &str, text: String| Value::Object(Map::from_iter([(wrapper.to_owned(), text.into())]));
    Ok(match converter {
        "%stringToOid" => wrapped("$oid", text(value, "$oid")?),
        "%stringToUuid" => wrapped("$uuid", text(value, "$uuid")?),
        "%oidToString" => text(value, "$oid")?.into(),
        "%uuidToString" => text(value, "$uuid")?.into(),
        _ => return Err(format!("{converter} is no operator")),
    })
}

/// Numbers are equal by their value; what is not there equals null.
fn equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    let null = Value::Null;
    let (a, b) = (a.unwrap_or(&null), b.unwrap_or(&null));
    a == b
        || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a.partial_cmp(&b) == Some(Ordering::Equal))
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Option<Ordering> {
    match (a?, b?) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (a, b) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn outcome(rule: &Value) -> Evaluated<bool> {
        let user = json!({
            "id": "5f00", "type": "normal", "data": { "email": "ada@example.com", "age": 36 },
            "custom_data": { "roles": ["admin", "cook"] }, "identities": [{ "provider_type": "api-key" }],
        });
        let request = json!({ "remoteIPAddress": "192.0.2.7" });
        let values = json!({ "admins": ["5f00"], "limit": 3 });
        let environment = json!({ "tag": "production", "values": { "open": true } });
        let scope = Scope { user: &user, request: &request, values: &values, environment: &environment };
        allows(rule, &scope)
    }

    fn assert_all(rules: impl IntoIterator<Item = Value>, expected: bool) {
        for rule in rules {
            assert_eq!(outcome(&rule), Ok(expected), "{rule}");
        }
    }

    #[test]
    fn an_empty_rule_allows_everybody() {
        assert_all([json!({}), json!(null), json!(""), json!(true), json!("%%true")], true);
        assert_all([json!(false), json!("%%false"), json!("anything else")], false);
    }

    #[test]
    fn expansions_are_compared_with_values_and_with_one_another() {
        assert_all(
            [
                json!({ "%%user.id": "5f00" }),
                json!({ "%%user.data.email": "ada@example.com", "%%environment.tag": "production" }),
                json!({ "%%true": "%%environment.values.open" }),
                json!({ "%%user.id": { "%in": "%%values.admins" } }),
                json!({ "%%user.identities.0.provider_type": "api-key" }),
                json!({ "%%user.custom_data.nothing": { "$exists": false } }),
                json!({ "%%user.data.age": { "$numberInt": "36" } }),
                json!({ "%%user.data.age": 36.0 }),
            ],
            true,
        );
        assert_all(
            [
                json!({ "%%user.id": "5f01" }),
                json!({ "%%user.id": "5f00", "%%environment.tag": "testing" }),
                json!({ "%%user.nothing.at.all": "x" }),
                json!({ "%%user.id": { "$exists": false } }),
            ],
            false,
        );
    }

    #[test]
    fn operators_have_two_spellings_and_all_must_hold() {
        for (operator, operand, expected) in [
            ("eq", json!(36), true),
            ("ne", json!(36), false),
            ("gt", json!(35), true),
            ("gte", json!(36), true),
            ("lt", json!(36), false),
            ("lte", json!(36), true),
            ("in", json!([1, 36]), true),
            ("nin", json!([1, 36]), false),
            ("exists", json!(true), true),
            ("not", json!({ "$gt": 40 }), true),
        ] {
            for prefix in ["$", "%"] {
                let rule = json!({ "%%user.data.age": { (format!("{prefix}{operator}")): operand } });
                assert_eq!(outcome(&rule), Ok(expected), "{rule}");
            }
        }
        assert_all([json!({ "%%user.data.age": { "$gt": 30, "$lt": 36 } })], false);
        assert_all([json!({ "%%user.data.email": { "$gt": "a", "$lt": "b" } })], true);
    }

    #[test]
    fn rules_are_combined() {
        let (yes, no) = (json!({ "%%true": true }), json!({ "%%true": false }));
        assert_all(
            [
                json!({ "%and": [yes, yes] }),
                json!({ "$or": [no, yes] }),
                json!({ "%not": no }),
                json!({ "%or": [{ "%and": [yes, no] }, { "%not": { "%not": yes } }] }),
            ],
            true,
        );
        assert_all([json!({ "%and": [yes, no] }), json!({ "%or": [] }), json!({ "%not": yes })], false);
    }

    #[test]
    fn ids_are_converted_both_ways() {
        assert_all(
            [
                json!({ "%%user.id": { "%oidToString": { "$oid": "5f00" } } }),
                json!({ "%%true": { "%not": { "%stringToOid": "5f00" } } }),
            ],
            true,
        );
    }

    #[test]
    fn a_rule_with_a_mistake_is_an_error_and_never_an_allowance() {
        for rule in [
            json!([]),
            json!(7),
            json!({ "%%usr.id": "5f00" }),
            json!({ "%%user.id": { "%in": 7 } }),
            json!({ "%and": {} }),
            json!({ "%%user.id": { "%nonsense": 1 } }),
        ] {
            assert!(outcome(&rule).is_err(), "{rule}");
        }
        let deep = (0..1000).fold(json!(true), |rule, _| json!({ "%not": rule }));
        assert!(outcome(&deep).is_err());
    }

    #[test]
    fn what_a_function_answers_is_not_expanded() {
        assert_all([json!({ "%%true": { "%literal": "%%true" } }), json!({ "%literal": "%%true" })], false);
        assert_all([json!({ "%%true": { "%literal": true } }), json!({ "%literal": true })], true);
    }

    #[test]
    fn function_calls_are_found_innermost_first() {
        let inner = json!({ "%function": { "name": "b" } });
        let rule = json!({ "%%true": { "%function": { "name": "a", "arguments": [1, inner] } } });
        let place = next_call(&rule).unwrap();
        assert_eq!(rule.pointer(&place), Some(&inner));
        assert_eq!(next_call(&json!({ "a/b": inner })), Some("/a~1b".into()));
        assert_eq!(next_call(&json!({ "%%user.id": "5f00" })), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            "%%(user|values|request|true|x)(\\.[a-z0-9]{1,4}){0,2}",
            "[%$](and|or|not|in|eq|exists|oid|function|stringToOid)",
            "[a-z]{0,3}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((word.clone(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_a_rule_says_it_is_evaluated_and_not_negates(rule in any_json()) {
            let plain = outcome(&rule);
            let negated = outcome(&json!({ "%not": rule }));
            prop_assert_eq!(plain.map(|allowed| !allowed).ok(), negated.ok());
            let _ = next_call(&rule);
        }
    }
}
