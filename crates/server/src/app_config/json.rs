//! Reading JSON as a compiler would: where it is malformed, and which members are there twice. What
//! the members mean is not known here.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// A line that is longer is no help.
const MAX_EXCERPT: usize = 120;

/// A JSON text, read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) value: Value,
    /// The paths of members that are there more than once.
    pub(super) duplicates: Vec<String>,
}

/// Where and why a text is no JSON.
#[derive(Debug)]
pub(super) struct Malformed {
    pub(super) message: String,
    pub(super) excerpt: Option<String>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, Malformed> {
    let duplicates = RefCell::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Node { path: String::new(), duplicates: &duplicates };
    let value = node.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(value) => Ok(Parsed { value, duplicates: duplicates.into_inner() }),
        Err(error) => Err(malformed(text, &error)),
    }
}

fn malformed(text: &str, error: &serde_json::Error) -> Malformed {
    if text.trim().is_empty() {
        return Malformed { message: "it is empty".into(), excerpt: None };
    }
    let (mut line, mut column) = (error.line(), error.column());
    let whole = error.to_string();
    let reason = whole.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&whole);
    // serde_json counts bytes from 1, and a line's end is column 0 of the next.
    if column == 0 && line > 1 {
        line -= 1;
        column = text.lines().nth(line - 1).map_or(0, str::len) + 1;
    }
    let message = format!("line {line}, column {column}: it is malformed JSON: {reason}");
    let number = line.to_string();
    let at_line = text.lines().nth(line.saturating_sub(1)).map(|line| line.replace('\t', " "));
    let excerpt = at_line.filter(|line| line.len() <= MAX_EXCERPT).map(|line| {
        let margin = " ".repeat(number.len());
        let before = line.get(..column.saturating_sub(1)).map_or(0, |before| before.chars().count());
        format!("{number} | {line}\n{margin} | {}^", " ".repeat(before))
    });
    Malformed { message, excerpt }
}

struct Node<'r> {
    path: String,
    duplicates: &'r RefCell<Vec<String>>,
}

impl Node<'_> {
    fn below(&self, path: String) -> Self {
        Self { path, duplicates: self.duplicates }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) =
            elements.next_element_seed(self.below(format!("{}[{}]", self.path, list.len())))?
        {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let path = join(&self.path, &name);
            let value = members.next_value_seed(self.below(path.clone()))?;
            if map.insert(name, value).is_some() {
                let mut duplicates = self.duplicates.borrow_mut();
                if duplicates.len() >= 100 {
                    return Err(A::Error::custom("too many members are there twice"));
                }
                duplicates.push(path);
            }
        }
        Ok(map.into())
    }
}

/// The path of a member below a path.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_they_are_and_what_is_there_twice_is_said() {
        let parsed = parse(r#"{"a": [1, -2, 2.5, null, true, {"b": "x", "b": "y"}], "a": 1}"#).unwrap();
        assert_eq!(parsed.value, json!({"a": 1}));
        assert_eq!(parsed.duplicates, ["a[5].b", "a"]);
        assert_eq!(parse("[1, -2, 2.5, null]").unwrap().value, json!([1, -2, 2.5, null]));
    }

    #[test]
    fn what_is_malformed_is_shown() {
        let malformed = parse("{\n  \"a\": tru\n}").unwrap_err();
        assert!(malformed.message.starts_with("line 2, column "), "{malformed:?}");
        assert!(malformed.excerpt.unwrap().starts_with("2 |   \"a\": tru\n  | "));
        assert_eq!(parse(" \n").unwrap_err().message, "it is empty");
        assert!(parse("{} {}").is_err());
        assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("recursion limit"));
    }
}
