//! Secrets of applications, by name. They come, strongest first, from the environment
//! (`KEYSTEAD_SECRET_<NAME>`, with the name in upper case and everything that is not a letter or digit
//! as an underscore), from a file that the environment names (`KEYSTEAD_SECRET_<NAME>_FILE`), and from
//! `secrets.json` of the folder. No message ever has a secret in it.

use super::object::Document;
use super::report::Report;
use keystead_protocol::secret::SecretText;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

const PREFIX: &str = "KEYSTEAD_SECRET_";
const FILE_SUFFIX: &str = "_FILE";
const MAX_FILE: u64 = 64 * 1024;
const MAX_NAME: usize = 64;

/// The secrets of the environment, for all applications.
#[derive(Default)]
pub struct Secrets {
    by_variable: HashMap<String, SecretText>,
}

impl Secrets {
    /// Those among environment variables.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let by_variable = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, value.into()))
            .collect();
        Self { by_variable }
    }

    /// The environment variable that holds the secret of this name.
    pub fn variable(name: &str) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        PREFIX.chars().chain(name.chars().map(letter)).collect()
    }

    /// The secret of this name. Files are read anew each time, so that a changed one is noticed when
    /// folders are read again.
    fn find(&self, name: &str) -> Result<Option<SecretText>, String> {
        let variable = Self::variable(name);
        if let Some(secret) = self.by_variable.get(&variable) {
            return Ok(Some(secret.expose().to_owned().into()));
        }
        let variable = variable + FILE_SUFFIX;
        let Some(path) = self.by_variable.get(&variable) else { return Ok(None) };
        let mut text = String::new();
        let read = std::fs::File::open(path.expose())
            .and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text));
        let length =
            read.map_err(|error| format!("the file that {variable} names cannot be read: {error}"))?;
        if length as u64 > MAX_FILE {
            return Err(format!("the file that {variable} names is larger than 64 KiB"));
        }
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned().into()))
    }
}

/// The secrets of one application.
pub(super) struct AppSecrets<'s> {
    environment: &'s Secrets,
    by_name: BTreeMap<String, SecretText>,
    /// By provider and field.
    of_providers: BTreeMap<(String, String), Vec<SecretText>>,
}

impl<'s> AppSecrets<'s> {
    /// The environment's, and those of `secrets.json`: `{name: value}`, and in the sections
    /// `auth_providers` and `services` `{owner: {field: value}}` (protocol §8.2).
    pub(super) fn read(
        environment: &'s Secrets,
        file: Option<Document>,
        others_may_read: bool,
        report: &mut Report,
    ) -> Self {
        let mut secrets = Self { environment, by_name: BTreeMap::new(), of_providers: BTreeMap::new() };
        let Some(file) = file else { return secrets };
        if others_may_read {
            report.notice(&file.file, "", "others may read this file: chmod 600 keeps its secrets yours");
        }
        for (name, document) in file.members(report) {
            match (name.as_str(), document.value.is_object()) {
                ("auth_providers", true) => secrets.read_providers(document, report),
                ("services", true) => {
                    let used = document.value.as_object().is_some_and(|services| !services.is_empty());
                    if used {
                        let message = "secrets of services are ignored: Keystead does not run services";
                        report.notice(&document.file, &document.path, message);
                    }
                }
                _ => {
                    if let Some(secret) = one(&document, &document.value, report) {
                        secrets.by_name.insert(name, secret);
                    }
                }
            }
        }
        secrets
    }

    /// Those of an application of the admin API, by name.
    pub(super) fn stored(environment: &'s Secrets, by_name: BTreeMap<String, SecretText>) -> Self {
        Self { environment, by_name, of_providers: BTreeMap::new() }
    }

    fn read_providers(&mut self, document: Document, report: &mut Report) {
        for (provider, fields) in document.members(report) {
            for (field, document) in fields.members(report) {
                let values = match &document.value {
                    Value::Array(values) => values.iter().collect(),
                    value => vec![value],
                };
                let found = values.into_iter().filter_map(|value| one(&document, value, report)).collect();
                self.of_providers.insert((provider.clone(), field), found);
            }
        }
    }

    /// The secret of this name, which `path` of `file` asks for.
    pub(super) fn named(
        &self,
        name: &str,
        file: &str,
        path: &str,
        report: &mut Report,
    ) -> Option<SecretText> {
        match self.environment.find(name) {
            Ok(Some(secret)) => Some(secret),
            Ok(None) => self.by_name.get(name).map(copy),
            Err(message) => {
                report.problem(file, path, &message);
                None
            }
        }
    }

    /// What `secrets.json` has for a field of a provider, or for something that its configuration
    /// names.
    pub(super) fn of_provider(&self, provider: &str, field: &str) -> Vec<SecretText> {
        let found = self.of_providers.get(&(provider.to_owned(), field.to_owned()));
        found.into_iter().flatten().map(copy).collect()
    }
}

fn one(document: &Document, value: &Value, report: &mut Report) -> Option<SecretText> {
    let text = value.as_str();
    if text.is_none() {
        report.problem(&document.file, &document.path, "a secret must be a string");
    }
    text.map(|text| text.to_owned().into())
}

fn copy(secret: &SecretText) -> SecretText {
    secret.expose().to_owned().into()
}

/// Whether a secret or a value can have this name (protocol §7.7). The name is not repeated: it may be
/// a secret in the wrong place.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if starts_well && name.len() <= MAX_NAME && name.bytes().all(valid) {
        Ok(())
    } else {
        Err("this is no name: one has at most 64 letters, digits, _ and -, and begins with a letter or digit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_found_by_the_name_in_the_folder() {
        let secrets = Secrets::from_variables([
            ("KEYSTEAD_SECRET_CUSTOM_TOKEN_KEY".into(), "s".into()),
            ("PATH".into(), "/bin".into()),
        ]);
        assert_eq!(secrets.find("custom-token_key").unwrap().unwrap().expose(), "s");
        assert!(secrets.find("path").unwrap().is_none());
    }

    #[test]
    fn the_environment_beats_a_file_which_beats_the_folder() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "of the file\n").unwrap();
        let file = || ("KEYSTEAD_SECRET_A_FILE".to_owned(), path.to_str().unwrap().to_owned());
        let variable = || ("KEYSTEAD_SECRET_A".to_owned(), "of the environment".to_owned());
        for (variables, expected) in [
            (vec![variable(), file()], "of the environment"),
            (vec![file()], "of the file"),
            (vec![], "of the folder"),
        ] {
            let environment = Secrets::from_variables(variables);
            let value = json!({"a": "of the folder"});
            let json = Document { file: "secrets.json".into(), path: String::new(), value };
            let mut report = Report::default();
            let secrets = AppSecrets::read(&environment, Some(json), false, &mut report);
            assert_eq!(secrets.named("a", "", "", &mut report).unwrap().expose(), expected);
            assert!(report.problems.is_empty());
        }
    }
}
