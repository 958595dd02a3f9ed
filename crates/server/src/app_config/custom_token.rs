//! The configuration of `custom-token` (protocol §6.2).

use super::object::{Document, Object};
use super::providers::Context;
use super::report::Report;
use super::secrets::{Secrets, check_name};
use crate::domain::mac::MacKey;
use crate::domain::providers::foreign_jwt::ForeignKey;
use keystead_protocol::secret::SecretText;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
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

const CUSTOM_TOKEN: &str = "custom-token";
const SIGNING_KEYS: &str = "signingKeys";
const MAX_FIELD_NAME: usize = 64;
const MAX_SIGNING_KEYS: usize = 3;
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 32..=512;

/// Reads the provider. `None` with no problem added means that a secret is missing, and the provider
/// stays off; a notice says so.
pub(super) fn read(
    provider: &mut Object<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<CustomTokenConfig> {
    let mut config = provider.object("config", report);
    let mut audiences = config.texts("audience", report);
    if audiences.is_empty() {
        audiences.push(context.client_app_id.to_owned());
    }
    let any_audience = config.flag("requireAnyAudience", report);
    let algorithm = algorithm(&mut config, report);
    let by_uri = config.flag("useJWKURI", report);
    let uri = config.text("jwkURI", report);
    let metadata_fields = metadata_fields(&provider.list("metadata_fields", report), report);
    let mut secret_config = provider.object("secret_config", report);
    let keys = if by_uri {
        secret_config.ignore(&["signingKeys"]);
        jwk_uri(&config, uri, report)
    } else {
        configured_keys(&mut secret_config, algorithm, context, report)
    };
    config.finish(report);
    secret_config.finish(report);
    Some(CustomTokenConfig { audiences, any_audience, keys: keys?, metadata_fields })
}

#[derive(Clone, Copy)]
enum KeyAlgorithm {
    Hs256,
    Rs256,
}

fn algorithm(config: &mut Object<'_>, report: &mut Report) -> Option<KeyAlgorithm> {
    match config.text("signingAlgorithm", report).as_deref() {
        None | Some("HS256") => Some(KeyAlgorithm::Hs256),
        Some("RS256") => Some(KeyAlgorithm::Rs256),
        Some(_) => {
            config.problem("signingAlgorithm", "this must be HS256 or RS256", report);
            None
        }
    }
}

fn jwk_uri(config: &Object<'_>, uri: Option<String>, report: &mut Report) -> Option<KeySource> {
    match uri.map(|uri| uri.parse::<Url>()) {
        Some(Ok(url)) if matches!(url.scheme(), "https" | "http") => Some(KeySource::JwkSet(url)),
        _ => {
            config.problem("jwkURI", "with useJWKURI, give the https URL of the JWK set", report);
            None
        }
    }
}

/// The secrets that sign. `None` if one is missing, which is then said.
fn signing_secrets(
    secret_config: &mut Object<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Vec<SecretText>> {
    let names = secret_config.texts(SIGNING_KEYS, report);
    let unnamed = context.secrets.of_provider(CUSTOM_TOKEN, SIGNING_KEYS);
    if names.is_empty() && (1..=MAX_SIGNING_KEYS).contains(&unnamed.len()) {
        return Some(unnamed);
    }
    if secret_config.is_broken() {
        return None;
    }
    if names.is_empty() || names.len() > MAX_SIGNING_KEYS {
        secret_config.problem(SIGNING_KEYS, "name 1 to 3 secrets", report);
        return None;
    }
    // secrets.json may have them in the order of their names.
    let mut unnamed: Vec<_> = unnamed.into_iter().map(Some).collect();
    unnamed.resize_with(names.len(), || None);
    let mut secrets = Some(Vec::new());
    for (name, unnamed) in names.iter().zip(unnamed) {
        if let Err(message) = check_name(name) {
            secret_config.problem(SIGNING_KEYS, message, report);
            secrets = None;
            continue;
        }
        let secret = secret_config.secret(name, SIGNING_KEYS, context.secrets, report);
        let secret = secret.or_else(|| context.secrets.of_provider(CUSTOM_TOKEN, name).pop()).or(unnamed);
        match (secret, &mut secrets) {
            (Some(secret), Some(secrets)) => secrets.push(secret),
            (Some(_), None) => {}
            (None, _) => {
                let variable = Secrets::variable(name);
                let message = format!(
                    "custom-token is off: its secret {name:?} is not set; set {variable} to turn it on"
                );
                secret_config.notice(SIGNING_KEYS, &message, report);
                secrets = None;
            }
        }
    }
    secrets
}

fn configured_keys(
    secret_config: &mut Object<'_>,
    algorithm: Option<KeyAlgorithm>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<KeySource> {
    let secrets = signing_secrets(secret_config, context, report)?;
    let algorithm = algorithm?;
    let mut keys = Vec::new();
    for (index, secret) in secrets.iter().enumerate() {
        match key(algorithm, secret) {
            Ok(key) => keys.push(key),
            Err(message) => {
                secret_config.problem(&format!("{SIGNING_KEYS}[{index}]"), message, report);
            }
        }
    }
    Some(KeySource::Configured(keys))
}

fn key(algorithm: KeyAlgorithm, secret: &SecretText) -> Result<ForeignKey, &'static str> {
    let bytes = secret.expose().as_bytes();
    match algorithm {
        KeyAlgorithm::Hs256 if SECRET_LENGTHS.contains(&bytes.len()) => {
            let key = MacKey::new(bytes).map_err(|_| "the secret is unusable")?;
            Ok(ForeignKey::Hs256(Box::new(key)))
        }
        KeyAlgorithm::Hs256 => Err("a secret for HS256 has 32 to 512 characters"),
        KeyAlgorithm::Rs256 => SubjectPublicKeyInfoDer::from_pem_slice(bytes)
            .map(|der| ForeignKey::Rs256Der(der.to_vec()))
            .map_err(|_| "a secret for RS256 is a public key in PEM form, BEGIN PUBLIC KEY"),
    }
}

fn metadata_fields(documents: &[Document], report: &mut Report) -> Vec<MetadataField> {
    let mut fields: Vec<MetadataField> = Vec::new();
    for document in documents {
        let mut object = Object::of(document, report);
        let path = object.required("name", "name the claim, like user.email", report);
        let name = object.text("field_name", report);
        let required = object.flag("required", report);
        let Some(path) = path.as_deref().map(split_path) else { continue };
        if path.iter().any(String::is_empty) {
            object.problem("name", "this must be a path like user.email; a dot in a name is \\\\.", report);
        }
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        if name.chars().count() >= MAX_FIELD_NAME {
            object.problem("field_name", "this must have less than 64 characters", report);
        }
        if fields.iter().any(|field| field.name == name) {
            object.problem("", "an earlier field has this name, too: give another field_name", report);
        }
        object.finish(report);
        fields.push(MetadataField { path, name, required });
    }
    fields
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
