//! The functions of an application: their sources, and what their manifest says of them (protocol
//! §8.1, §9). They are read and checked here, and run elsewhere.

use super::layout::{Documents, Layout};
use super::object::{Document, Object, wrong};
use super::report::Report;
use super::suggest::did_you_mean;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A function of an application.
#[derive(Debug, Clone)]
pub struct Function {
    /// JavaScript that assigns a function to `exports`.
    pub source: Arc<str>,
    /// The file that it is from, relative to the folder, for stack traces.
    pub file: String,
    /// Whether clients may not call it.
    pub private: bool,
    /// The rule that allows a call (protocol §9): an object, of which an empty one allows all, or a
    /// boolean.
    pub can_evaluate: Value,
    /// Whether it runs as the system; this is stronger than the two below.
    pub run_as_system: bool,
    /// The user as whom it runs.
    pub run_as_user_id: Option<String>,
    /// JavaScript whose function answers the id of the user as whom it runs.
    pub run_as_user_id_script_source: Option<String>,
    /// Whether arguments of calls must not be logged.
    pub disable_arg_logs: bool,
}

/// The functions by name; a name may have slashes in it.
#[derive(Debug, Default, Clone)]
pub struct Functions {
    by_name: BTreeMap<String, Arc<Function>>,
}

impl Functions {
    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Function>)> {
        self.by_name.iter().map(|(name, function)| (name.as_str(), function))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

const MAX_NAME: usize = 57;

/// The functions as they are being read. Those with problems are known by name, so that nobody is
/// told that they do not exist.
pub(super) struct FunctionNames {
    names: BTreeSet<String>,
    by_id: BTreeMap<String, String>,
    layout: Layout,
}

impl FunctionNames {
    /// The function that a configuration refers to, by name or, in old exports, by id. `None` with a
    /// problem if it must be there and is not.
    pub(super) fn referred(
        &self,
        object: &mut Object<'_>,
        (name_field, id_field): (&'static str, &'static str),
        is_used: bool,
        report: &mut Report,
    ) -> Option<String> {
        let id = object.text(id_field, report).filter(|id| !id.bytes().all(|b| b == b'0'));
        let by_id = id.as_ref().and_then(|id| self.by_id.get(id));
        let name = if is_used && id.is_none() {
            object.required(name_field, "name the function that is to run", report)
        } else {
            object.text(name_field, report)
        };
        let Some(name) = name.or_else(|| by_id.cloned()) else {
            if is_used && id.is_some() && !object.is_broken() {
                let message = format!("no function of this folder has this id: name it in {name_field}");
                object.problem(id_field, &message, report);
            }
            return None;
        };
        if self.names.contains(&name) {
            return is_used.then_some(name);
        }
        let hint = did_you_mean(&name, self.names.iter().map(String::as_str));
        let file = self.layout.function_file(&name);
        if is_used {
            let hint = if hint.is_empty() { format!(": its source belongs in {file}") } else { hint };
            object.problem(name_field, &format!("there is no function {name:?}{hint}"), report);
        } else {
            object.notice(
                name_field,
                &format!("there is no function {name:?}, but it is not used{hint}"),
                report,
            );
        }
        None
    }
}

/// Reads the functions.
pub(super) fn read(documents: &mut Documents, report: &mut Report) -> (Functions, FunctionNames) {
    let layout = documents.layout;
    let mut entries = BTreeMap::new();
    let mut known = FunctionNames { names: BTreeSet::new(), by_id: BTreeMap::new(), layout };
    for document in std::mem::take(&mut documents.manifest) {
        let Some((name, entry)) = read_entry(&document, &mut known, report) else { continue };
        if !documents.sources.contains_key(&name) {
            let files = documents.sources.keys().map(String::as_str);
            let hint = did_you_mean(&name, files);
            let message = format!("there is no {} for this function{hint}", layout.function_file(&name));
            report.problem(&document.file, &super::json::join(&document.path, "name"), &message);
        }
        if entries.insert(name, entry).is_some() {
            let path = super::json::join(&document.path, "name");
            report.problem(&document.file, &path, "there is a second entry of this name: remove one");
        }
    }
    let mut functions = Functions::default();
    for (name, source) in std::mem::take(&mut documents.sources) {
        if !is_valid_name(&name) {
            report.problem(&source.file, "", &bad_name(&name));
        }
        let entry = entries.remove(&name).unwrap_or_default();
        if let Some(text) = source.text {
            let function = Arc::new(entry.into_function(text.into(), source.file));
            functions.by_name.insert(name.clone(), function);
        }
        known.names.insert(name);
    }
    (functions, known)
}

/// What the manifest says of a function; the default is for one that is not in it.
struct ManifestEntry {
    private: bool,
    can_evaluate: Value,
    run_as_system: bool,
    run_as_user_id: Option<String>,
    run_as_user_id_script_source: Option<String>,
    disable_arg_logs: bool,
}

impl Default for ManifestEntry {
    fn default() -> Self {
        Self {
            private: false,
            can_evaluate: serde_json::json!({}),
            run_as_system: false,
            run_as_user_id: None,
            run_as_user_id_script_source: None,
            disable_arg_logs: false,
        }
    }
}

impl ManifestEntry {
    fn into_function(self, source: Arc<str>, file: String) -> Function {
        Function {
            source,
            file,
            private: self.private,
            can_evaluate: self.can_evaluate,
            run_as_system: self.run_as_system,
            run_as_user_id: self.run_as_user_id,
            run_as_user_id_script_source: self.run_as_user_id_script_source,
            disable_arg_logs: self.disable_arg_logs,
        }
    }
}

fn read_entry(
    document: &Document,
    known: &mut FunctionNames,
    report: &mut Report,
) -> Option<(String, ManifestEntry)> {
    let mut object = Object::of(document, report);
    let name = object.required("name", "add the name of the function", report);
    if let Some(name) = name.as_ref().filter(|name| !is_valid_name(name)) {
        object.problem("name", &bad_name(name), report);
    }
    let id = ["id", "_id"].map(|field| object.text(field, report)).into_iter().flatten().next();
    let entry = ManifestEntry {
        private: object.flag("private", report),
        can_evaluate: match object.get("can_evaluate") {
            None => serde_json::json!({}),
            Some(rule @ (Value::Object(_) | Value::Bool(_))) => rule.clone(),
            Some(other) => {
                object.problem("can_evaluate", &wrong(other, "an object"), report);
                Value::Bool(false)
            }
        },
        run_as_system: object.flag("run_as_system", report),
        run_as_user_id: object.text("run_as_user_id", report),
        run_as_user_id_script_source: object.text("run_as_user_id_script_source", report),
        disable_arg_logs: object.flag("disable_arg_logs", report),
    };
    if entry.run_as_user_id.is_some() && entry.run_as_user_id_script_source.is_some() {
        let message = "this and run_as_user_id exclude each other: remove one";
        object.problem("run_as_user_id_script_source", message, report);
    }
    object.ignore(&["last_modified"]);
    object.finish(report);
    let name = name.filter(|name| is_valid_name(name))?;
    known.names.insert(name.clone());
    if let Some(id) = id {
        known.by_id.insert(id, name.clone());
    }
    Some((name, entry))
}

fn is_valid_name(name: &str) -> bool {
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    name.len() <= MAX_NAME && name.split('/').all(|part| !part.is_empty() && part.bytes().all(valid))
}

fn bad_name(name: &str) -> String {
    format!(
        "{name:?} cannot name a function: a name has at most {MAX_NAME} letters, digits, _, - and single /"
    )
}

#[cfg(test)]
mod tests {
    use super::is_valid_name;

    #[test]
    fn names_of_functions_are_paths_of_plain_words() {
        for name in ["f", "a/b", "a-b_c/D9", &"x".repeat(57)] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", "/a", "a/", "a//b", "a.b", "../a", "é", "a b", &"x".repeat(58)] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
