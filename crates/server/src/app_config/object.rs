//! An object of a folder, asked member by member. What is of the wrong kind is a problem at its very
//! place; what nobody asked for is a notice. Values are never shown: any may be a secret in a wrong
//! place.

use super::json::join;
use super::report::Report;
use super::secrets::AppSecrets;
use super::suggest::did_you_mean;
use keystead_protocol::secret::SecretText;
use serde_json::{Map, Value};

/// A piece of a folder's JSON, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) file: String,
    pub(super) path: String,
    pub(super) value: Value,
}

impl Document {
    /// The member of this name, taken out.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        let value = self.value.as_object_mut()?.remove(name).filter(|value| !value.is_null())?;
        Some(Self { file: self.file.clone(), path: join(&self.path, name), value })
    }

    /// The members of an object, each a document; a problem if it is none.
    pub(super) fn members(self, report: &mut Report) -> Vec<(String, Self)> {
        let Value::Object(members) = self.value else {
            report.problem(&self.file, &self.path, &wrong(&self.value, "an object"));
            return Vec::new();
        };
        let below = |(name, value): (String, Value)| {
            let path = join(&self.path, &name);
            (name, Self { file: self.file.clone(), path, value })
        };
        members.into_iter().map(below).collect()
    }

    /// The elements of a list, each a document; a problem if it is none.
    pub(super) fn elements(self, report: &mut Report) -> Vec<Self> {
        let Value::Array(elements) = self.value else {
            report.problem(&self.file, &self.path, &wrong(&self.value, "a list"));
            return Vec::new();
        };
        let below =
            |(index, value)| Self { file: self.file.clone(), path: format!("{}[{index}]", self.path), value };
        elements.into_iter().enumerate().map(below).collect()
    }
}

/// See the module.
pub(super) struct Object<'d> {
    file: &'d str,
    path: String,
    members: Option<&'d Map<String, Value>>,
    known: Vec<&'static str>,
    broken: bool,
}

impl<'d> Object<'d> {
    pub(super) fn of(document: &'d Document, report: &mut Report) -> Self {
        Self::at(&document.file, document.path.clone(), Some(&document.value), report)
    }

    fn at(file: &'d str, path: String, value: Option<&'d Value>, report: &mut Report) -> Self {
        let members = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(members)) => Some(members),
            Some(other) => {
                report.problem(file, &path, &wrong(other, "an object"));
                None
            }
        };
        let broken = members.is_none() && value.is_some_and(|value| !value.is_null());
        Self { file, path, members, known: Vec::new(), broken }
    }

    /// The member's value; `null` is as good as absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'d Value> {
        self.known.push(name);
        self.members?.get(name).filter(|value| !value.is_null())
    }

    /// A boolean; absent is false.
    pub(super) fn flag(&mut self, name: &'static str, report: &mut Report) -> bool {
        match self.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.broken(name, &wrong(other, "true or false"), report);
                false
            }
        }
    }

    /// A string; an empty one is as good as none.
    pub(super) fn text(&mut self, name: &'static str, report: &mut Report) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => {
                self.broken(name, &wrong(other, "a string"), report);
                None
            }
        }
    }

    /// A string that must be there; `missing` says what to write.
    pub(super) fn required(
        &mut self,
        name: &'static str,
        missing: &str,
        report: &mut Report,
    ) -> Option<String> {
        let was_broken = std::mem::take(&mut self.broken);
        let text = self.text(name, report);
        let is_object = self.members.is_some() || !was_broken;
        if text.is_none() && is_object && !self.broken {
            self.problem(name, missing, report);
        }
        self.broken |= was_broken;
        text
    }

    /// A string, or several, or none: exports of different age differ. Empty ones do not count.
    pub(super) fn texts(&mut self, name: &'static str, report: &mut Report) -> Vec<String> {
        let of = |value: &Value| value.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = match self.get(name) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(of).collect(),
            Some(value) => of(value).map(|text| vec![text]),
        };
        if texts.is_none() {
            self.broken(name, "this must be a string or a list of strings", report);
        }
        texts.unwrap_or_default().into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// An object below this one.
    pub(super) fn object(&mut self, name: &'static str, report: &mut Report) -> Self {
        let value = self.get(name);
        Self::at(self.file, join(&self.path, name), value, report)
    }

    /// A list below this one, as documents.
    pub(super) fn list(&mut self, name: &'static str, report: &mut Report) -> Vec<Document> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let path = join(&self.path, name);
        Document { file: self.file.to_owned(), path, value: value.clone() }.elements(report)
    }

    /// The secret of this name, which the member names.
    pub(super) fn secret(
        &self,
        name: &str,
        member: &str,
        secrets: &AppSecrets<'_>,
        report: &mut Report,
    ) -> Option<SecretText> {
        secrets.named(name, self.file, &self.path_of(member), report)
    }

    /// Members that are right here and mean nothing to Keystead.
    pub(super) fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    fn broken(&mut self, name: &str, message: &str, report: &mut Report) {
        self.problem(name, message, report);
        self.broken = true;
    }

    /// Whether something in it, or all of it, is of a wrong kind. What is missing then may only be
    /// unreadable.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// A problem with a member, or with the object (`""`).
    pub(super) fn problem(&self, name: &str, message: &str, report: &mut Report) {
        report.problem(self.file, &self.path_of(name), message);
    }

    /// A notice about a member, or about the object (`""`).
    pub(super) fn notice(&self, name: &str, message: &str, report: &mut Report) {
        report.notice(self.file, &self.path_of(name), message);
    }

    fn path_of(&self, name: &str) -> String {
        if name.is_empty() { self.path.clone() } else { join(&self.path, name) }
    }

    /// Says which members nobody asked for: typing errors are found so.
    pub(super) fn finish(self, report: &mut Report) {
        for name in self.members.into_iter().flat_map(Map::keys) {
            if !self.known.contains(&name.as_str()) {
                let hint = did_you_mean(name, self.known.iter().copied());
                self.notice(name, &format!("Keystead does not know this field{hint}"), report);
            }
        }
    }
}

/// What `value` is and what it must be.
pub(super) fn wrong(value: &Value, wanted: &str) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("this is {kind}, and must be {wanted}")
}
