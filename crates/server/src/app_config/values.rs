//! Values and environments of an application (protocol §7.7, §8.1), for its functions.

use super::layout::Documents;
use super::object::{Document, Object};
use super::report::Report;
use super::root::ENVIRONMENTS;
use super::secrets::{AppSecrets, Secrets, check_name};
use super::suggest::did_you_mean;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What `context.values.get(name)` finds.
#[derive(Clone, PartialEq)]
pub struct AppValue {
    /// The value; that of a secret is a string.
    pub value: Value,
    /// Whether rules may not use it.
    pub private: bool,
    /// Whether it is a secret, not to be shown.
    pub from_secret: bool,
}

impl fmt::Debug for AppValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AppValue");
        if !self.from_secret {
            shown.field("value", &self.value);
        }
        shown.field("private", &self.private).field("from_secret", &self.from_secret).finish_non_exhaustive()
    }
}

/// What `context.environment` is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// `""`, `development`, `testing`, `qa` or `production`.
    pub tag: String,
    /// The values that belong to it.
    pub values: Map<String, Value>,
}

/// The file for applications that are in no environment.
const NO_ENVIRONMENT: &str = "no-environment";

pub(super) fn read_values(
    documents: &mut Documents,
    secrets: &AppSecrets<'_>,
    report: &mut Report,
) -> BTreeMap<String, AppValue> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut values = BTreeMap::new();
    for document in std::mem::take(&mut documents.values) {
        let Some((name, value)) = read_value(&document, secrets, report) else { continue };
        if let Some(other) = files.insert(name.clone(), document.file.clone()) {
            let message = format!("{other} has this name, too: rename one of them");
            report.problem(&document.file, "name", &message);
        }
        values.extend(value.map(|value| (name, value)));
    }
    values
}

/// A value and its name. A value whose secret is not set is not there.
fn read_value(
    document: &Document,
    secrets: &AppSecrets<'_>,
    report: &mut Report,
) -> Option<(String, Option<AppValue>)> {
    let mut object = Object::of(document, report);
    object.ignore(&["id", "_id", "last_modified"]);
    let name = object.required("name", "add the name of the value", report);
    if let Some(message) = name.as_deref().and_then(|name| check_name(name).err()) {
        object.problem("name", message, report);
    }
    let private = object.flag("private", report);
    let from_secret = object.flag("from_secret", report);
    let value = if from_secret {
        let secret_name = object.required("value", "name the secret that is the value", report);
        let checked = secret_name.filter(|name| match check_name(name) {
            Ok(()) => true,
            Err(message) => {
                object.problem("value", message, report);
                false
            }
        });
        checked.and_then(|secret_name| {
            let secret = secrets.named(&secret_name, &document.file, "value", report);
            if secret.is_none() {
                let variable = Secrets::variable(&secret_name);
                object.notice(
                    "value",
                    &format!("the value is not there: its secret is not set; set {variable}"),
                    report,
                );
            }
            secret.map(|secret| Value::String(secret.expose().to_owned()))
        })
    } else {
        if object.get("value").is_none() && !object.is_broken() {
            object.notice("value", "there is no value: it is null", report);
        }
        Some(object.get("value").cloned().unwrap_or_default())
    };
    object.finish(report);
    Some((name?, value.map(|value| AppValue { value, private, from_secret })))
}

/// Every environment is checked, and the one that the application is in is taken.
pub(super) fn read_environment(documents: &mut Documents, tag: &str, report: &mut Report) -> Environment {
    let mut environment = Environment { tag: tag.to_owned(), values: Map::new() };
    let current = if tag.is_empty() { NO_ENVIRONMENT } else { tag };
    for (name, document) in std::mem::take(&mut documents.environments) {
        let known = || ENVIRONMENTS.into_iter().chain([NO_ENVIRONMENT]);
        if !known().any(|known| known == name) {
            let hint = did_you_mean(&name, known());
            report.problem(&document.file, "", &format!("there is no environment of this name{hint}"));
        }
        let mut object = Object::of(&document, report);
        match object.get("values") {
            Some(Value::Object(values)) if name == current => environment.values.clone_from(values),
            Some(Value::Object(_)) | None => {}
            Some(_) => object.problem("values", "this must be an object of names and values", report),
        }
        object.finish(report);
    }
    environment
}
