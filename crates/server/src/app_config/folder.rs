//! Reading an application folder. All problems are found in one go, each with its file and place.

use super::secrets::Secrets;
use super::{AppConfig, Providers, custom_token, email_password};
use keystead_protocol::provider::ProviderType;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where an application comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder, as exported from App Services.
    Folder(PathBuf),
    /// The quickstart application that is part of the program.
    Quickstart,
}

const QUICKSTART: [(&str, &str); 2] = [
    ("root_config.json", include_str!("../../../../examples/quickstart-app/root_config.json")),
    ("auth/providers.json", include_str!("../../../../examples/quickstart-app/auth/providers.json")),
];

/// The root file's names, newest layout first.
const ROOT_FILES: [&str; 2] = ["root_config.json", "realm_config.json"];
const PROVIDERS_FILE: &str = "auth/providers.json";

impl Source {
    fn read(&self, file: &str) -> std::io::Result<Option<String>> {
        match self {
            Self::Quickstart => {
                Ok(QUICKSTART.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned()))
            }
            Self::Folder(folder) => match std::fs::read_to_string(folder.join(file)) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Quickstart => f.write_str("the bundled quickstart application"),
        }
    }
}

/// Something in a folder that must be mended before it can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the folder.
    pub file: String,
    /// The place in it, as a path of members; empty for the file as a whole.
    pub path: String,
    /// What to do.
    pub message: String,
}

/// All problems of a folder.
#[derive(Debug, Default)]
pub struct Problems {
    /// In the order in which they were found.
    pub found: Vec<Problem>,
    file: String,
}

impl Problems {
    /// Adds a problem at `path` of the file that is being read.
    pub(super) fn add(&mut self, path: &str, message: &str) {
        self.found.push(Problem { file: self.file.clone(), path: path.into(), message: message.into() });
    }

    /// Reads `value` as a `T`; an absent one is an empty object.
    pub(super) fn parse<T: DeserializeOwned>(&mut self, path: &str, value: &Value) -> Option<T> {
        let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value.clone() };
        serde_json::from_value(value).map_err(|error| self.add(path, &error.to_string())).ok()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let place = if problem.path.is_empty() { "" } else { ": " };
            write!(f, "{separator}{}{place}{}: {}", problem.file, problem.path, problem.message)?;
        }
        Ok(())
    }
}

/// A provider as the folder has it.
#[derive(Deserialize)]
pub(super) struct ProviderDocument {
    #[serde(rename = "type")]
    provider_type: String,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    pub(super) config: Value,
    #[serde(default)]
    pub(super) secret_config: Value,
    #[serde(default)]
    pub(super) metadata_fields: Vec<Value>,
}

#[derive(Deserialize)]
struct RootDocument {
    #[serde(default, alias = "client_app_id")]
    app_id: String,
    #[serde(default)]
    name: String,
    deployment_model: Option<String>,
    location: Option<String>,
    #[serde(default)]
    allowed_request_origins: Vec<String>,
}

/// Reads an application.
///
/// # Errors
/// Every problem of the folder.
pub fn load(source: &Source, secrets: &Secrets) -> Result<AppConfig, Problems> {
    let mut problems = Problems::default();
    let mut notices = Vec::new();
    let root = read_root(source, &mut problems);
    let client_app_id = root.as_ref().map_or("", |root| root.app_id.as_str());
    let providers = read_providers(source, client_app_id, secrets, &mut problems, &mut notices);
    match (root, problems.found.is_empty()) {
        (Some(root), true) => Ok(AppConfig {
            name: if root.name.is_empty() { root.app_id.clone() } else { root.name },
            client_app_id: root.app_id,
            deployment_model: root.deployment_model.unwrap_or_else(|| "GLOBAL".into()),
            location: root.location.unwrap_or_else(|| "US-VA".into()),
            allowed_request_origins: root.allowed_request_origins,
            providers,
            notices,
        }),
        _ => Err(problems),
    }
}

fn read_root(source: &Source, problems: &mut Problems) -> Option<RootDocument> {
    let found = ROOT_FILES.iter().find_map(|file| match source.read(file) {
        Ok(None) => None,
        Ok(Some(text)) => Some((*file, Ok(text))),
        Err(error) => Some((*file, Err(error))),
    });
    let Some((file, text)) = found else {
        problems.file = ROOT_FILES[0].into();
        problems.add("", "there is no such file: is this the folder of an App Services application?");
        return None;
    };
    problems.file = file.into();
    let root: RootDocument = parse_file(text, problems)?;
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if root.app_id.is_empty() || root.app_id.len() > 64 || !root.app_id.bytes().all(valid) {
        let message = "add the client app id that your clients use, like \"app_id\": \"myapp-abcde\"";
        problems.add("app_id", message);
        return None;
    }
    Some(root)
}

fn read_providers(
    source: &Source,
    client_app_id: &str,
    secrets: &Secrets,
    problems: &mut Problems,
    notices: &mut Vec<String>,
) -> Providers {
    problems.file = PROVIDERS_FILE.into();
    let mut providers = Providers::default();
    let Some(text) = source.read(PROVIDERS_FILE).transpose() else {
        notices.push(format!("nobody can log in: there is no {PROVIDERS_FILE}"));
        return providers;
    };
    let documents: Option<BTreeMap<String, ProviderDocument>> = parse_file(text, problems);
    for (name, provider) in documents.unwrap_or_default() {
        let Ok(provider_type) = provider.provider_type.parse::<ProviderType>() else {
            problems.add(&format!("{name}.type"), "this is no type of authentication provider");
            continue;
        };
        if provider.disabled {
            continue;
        }
        match provider_type {
            ProviderType::AnonUser => providers.anonymous = true,
            ProviderType::ApiKey => providers.api_key = true,
            ProviderType::LocalUserpass => {
                providers.email_password = email_password::read(&provider, problems);
            }
            ProviderType::CustomToken => {
                providers.custom_token =
                    custom_token::read(&provider, client_app_id, secrets, problems, notices);
            }
            ProviderType::CustomFunction => {
                let function = provider.config.get("authFunctionName").and_then(Value::as_str);
                providers.custom_function = Some(function.unwrap_or_default().to_owned());
                notices.push("custom-function refuses every login: functions do not run yet".into());
            }
            ProviderType::OauthGoogle | ProviderType::OauthFacebook | ProviderType::OauthApple => {
                notices.push(format!("{provider_type} is off: this provider is not supported yet"));
            }
        }
    }
    providers
}

fn parse_file<T: DeserializeOwned>(text: std::io::Result<String>, problems: &mut Problems) -> Option<T> {
    let parsed = text
        .map_err(|error| format!("it cannot be read: {error}"))
        .and_then(|text| serde_json::from_str(&text).map_err(|error| format!("it is malformed: {error}")));
    parsed.map_err(|message| problems.add("", &message)).ok()
}
