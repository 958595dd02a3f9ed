//! The configuration of `custom-token` (protocol §6.2).

use super::folder::{Problems, ProviderDocument};
use super::secrets::Secrets;
use crate::domain::mac::MacKey;
use crate::domain::providers::foreign_jwt::ForeignKey;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Which external tokens log in.
pub struct CustomTokenConfig {
    /// Acceptable audiences; never empty.
    pub audiences: Vec<String>,
    /// Whether one of them suffices; otherwise all must be there.
    pub any_audience: bool,
    /// Where the keys are.
    pub keys: KeySource,
    /// What is taken over from the claims.
    pub metadata_fields: Vec<MetadataField>,
}

/// Where the keys are that sign external tokens.
pub enum KeySource {
    /// In secrets of the application; any of them may sign.
    Configured(Vec<ForeignKey>),
    /// In a JWK set at this address.
    JwkSet(Url),
}

/// A claim that becomes part of the user's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataField {
    /// The names of the members that lead to the claim.
    pub path: Vec<String>,
    /// Its name in the user's data.
    pub name: String,
    /// Whether a token without it is refused.
    pub required: bool,
}

const MAX_SIGNING_KEYS: usize = 3;
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 32..=512;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    audience: Value,
    require_any_audience: bool,
    signing_algorithm: Option<String>,
    #[serde(rename = "useJWKURI")]
    use_jwk_uri: bool,
    #[serde(rename = "jwkURI")]
    jwk_uri: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SecretDocument {
    signing_keys: Value,
}

#[derive(Deserialize)]
struct FieldDocument {
    #[serde(default)]
    required: bool,
    name: String,
    #[serde(default)]
    field_name: Option<String>,
}

/// Reads the provider. `None` with no problem added means that a secret is missing, and the provider
/// stays off; a notice says so.
pub(super) fn read(
    provider: &ProviderDocument,
    client_app_id: &str,
    secrets: &Secrets,
    problems: &mut Problems,
    notices: &mut Vec<String>,
) -> Option<CustomTokenConfig> {
    let document: Document = problems.parse("custom-token.config", &provider.config)?;
    let audiences = strings(&document.audience, "custom-token.config.audience", problems)?;
    let audiences = if audiences.is_empty() { vec![client_app_id.to_owned()] } else { audiences };
    let metadata_fields = metadata_fields(&provider.metadata_fields, problems);
    let keys = if document.use_jwk_uri {
        jwk_uri(document.jwk_uri.as_deref(), problems)?
    } else {
        let algorithm = document.signing_algorithm.as_deref().unwrap_or("HS256");
        configured_keys(provider, algorithm, secrets, problems, notices)?
    };
    Some(CustomTokenConfig {
        audiences,
        any_audience: document.require_any_audience,
        keys,
        metadata_fields: metadata_fields?,
    })
}

fn jwk_uri(uri: Option<&str>, problems: &mut Problems) -> Option<KeySource> {
    match uri.map(str::parse::<Url>) {
        Some(Ok(url)) if matches!(url.scheme(), "https" | "http") => Some(KeySource::JwkSet(url)),
        _ => {
            let message = "with useJWKURI, give the https URL of the JWK set";
            problems.add("custom-token.config.jwkURI", message);
            None
        }
    }
}

fn configured_keys(
    provider: &ProviderDocument,
    algorithm: &str,
    secrets: &Secrets,
    problems: &mut Problems,
    notices: &mut Vec<String>,
) -> Option<KeySource> {
    let document: SecretDocument = problems.parse("custom-token.secret_config", &provider.secret_config)?;
    let path = "custom-token.secret_config.signingKeys";
    let names = strings(&document.signing_keys, path, problems)?;
    if names.is_empty() || names.len() > MAX_SIGNING_KEYS {
        problems.add(path, "name 1 to 3 secrets");
        return None;
    }
    let mut keys = Vec::new();
    for name in names {
        let Some(secret) = secrets.get(&name) else {
            let variable = Secrets::variable(&name);
            notices.push(format!(
                "custom-token is off: its secret {name:?} is not set; set {variable} to turn it on"
            ));
            return None;
        };
        let key = match algorithm {
            "HS256" if SECRET_LENGTHS.contains(&secret.expose().len()) => {
                let key = MacKey::new(secret.expose().as_bytes());
                key.map(|key| ForeignKey::Hs256(Box::new(key))).map_err(|_| "the secret is unusable")
            }
            "HS256" => Err("a secret for HS256 has 32 to 512 characters"),
            "RS256" => SubjectPublicKeyInfoDer::from_pem_slice(secret.expose().as_bytes())
                .map(|der| ForeignKey::Rs256Der(der.to_vec()))
                .map_err(|_| "a secret for RS256 is a public key in PEM form, BEGIN PUBLIC KEY"),
            _ => Err("signingAlgorithm is HS256 or RS256"),
        };
        match key {
            Ok(key) => keys.push(key),
            Err(message) => problems.add(path, message),
        }
    }
    Some(KeySource::Configured(keys))
}

/// A string, or several, or none: old and new exports differ.
fn strings(value: &Value, path: &str, problems: &mut Problems) -> Option<Vec<String>> {
    let of = |value: &Value| value.as_str().map(str::to_owned);
    let strings = match value {
        Value::Null => Some(Vec::new()),
        Value::Array(values) => values.iter().map(of).collect(),
        value => of(value).map(|text| vec![text]),
    };
    if strings.is_none() {
        problems.add(path, "this is a string or a list of strings");
    }
    strings.map(|strings| strings.into_iter().filter(|text| !text.is_empty()).collect())
}

fn metadata_fields(documents: &[Value], problems: &mut Problems) -> Option<Vec<MetadataField>> {
    let mut fields = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let at = format!("custom-token.metadata_fields[{index}]");
        let document: FieldDocument = problems.parse(&at, document)?;
        let path = split_path(&document.name);
        let name = document.field_name.filter(|name| !name.is_empty());
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        if name.is_empty() || name.len() >= 64 || path.iter().any(String::is_empty) {
            problems.add(&at, "name is a path like user.email, and field_name has less than 64 characters");
            return None;
        }
        fields.push(MetadataField { path, name, required: document.required });
    }
    Some(fields)
}

/// `a.b` leads into an object; `a\.b` is one name with a dot in it.
fn split_path(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            ('\\', Some(part)) if characters.peek() == Some(&'.') => {
                characters.next();
                part.push('.');
            }
            ('.', _) => parts.push(String::new()),
            (other, Some(part)) => part.push(other),
            (_, None) => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_lead_into_objects_unless_escaped() {
        assert_eq!(split_path("user_data.occupation"), ["user_data", "occupation"]);
        assert_eq!(split_path(r"https://example\.com/claims.x"), ["https://example.com/claims", "x"]);
        assert_eq!(split_path("email"), ["email"]);
    }
}
