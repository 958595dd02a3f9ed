//! `custom-token`: a JWT of somebody else's making. Its `sub` is the identity; the first login with
//! it makes the user, and every login refreshes the user's data (protocol §6.2).

use super::authenticated_as;
use crate::app_config::App;
use crate::app_config::custom_token::{CustomTokenConfig, KeySource, MetadataField};
use crate::domain::providers::foreign_jwt::{Expectations, ForeignJwt};
use crate::domain::sessions::Authenticated;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::IdentityRecord;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;
use serde_json::{Map, Value};

/// Longer metadata is refused (protocol §6.2).
const MAX_METADATA_LENGTH: usize = 4096;
const MAX_SUBJECT_LENGTH: usize = 1024;

/// The user with the token's identity, made if there is none.
///
/// # Errors
/// [`Error::InvalidCustomToken`] for every token that is refused.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    token: &SecretText,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    let identity = verify(state, app, token, client).await?;
    authenticated_as(state, app, identity, client).await
}

/// The identity that a token proves.
///
/// # Errors
/// As for [`authenticate`].
pub async fn verify(
    state: &ServerState,
    app: &App,
    token: &SecretText,
    client: &Client<'_>,
) -> Result<IdentityRecord, Error> {
    let Some(config) = &app.config.providers.custom_token else {
        return Err(Error::ProviderUnavailable(ProviderType::CustomToken.to_string()));
    };
    state.throttles.check_address(client.address)?;
    let claims = verified_claims(state, config, token).await.inspect_err(|error| {
        if matches!(error, Error::InvalidCustomToken(_)) {
            state.throttles.count_address(app.ids.app_id, client);
        }
    })?;
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if subject.is_empty() || subject.len() > MAX_SUBJECT_LENGTH {
        return Err(Error::InvalidCustomToken("its sub is no name for a user"));
    }
    Ok(IdentityRecord {
        provider_type: ProviderType::CustomToken,
        identity_id: subject.to_owned(),
        data: metadata(&config.metadata_fields, &claims)?,
        generation: 0,
        created_at: state.clock.now(),
    })
}

async fn verified_claims(
    state: &ServerState,
    config: &CustomTokenConfig,
    token: &SecretText,
) -> Result<Map<String, Value>, Error> {
    let token = ForeignJwt::parse(token.expose()).map_err(Error::InvalidCustomToken)?;
    let expected = Expectations {
        audiences: &config.audiences,
        any_audience: config.any_audience,
        now: state.clock.now().unix_seconds(),
    };
    let claims = match &config.keys {
        KeySource::Configured(keys) => token.verify(keys, &expected),
        KeySource::JwkSet(url) => {
            let keys = state.jwk_sets.find(url, token.key_id()).await;
            token.verify(keys.iter().map(AsRef::as_ref), &expected)
        }
    };
    claims.map_err(Error::InvalidCustomToken)
}

/// The fields that the configuration takes over from the claims into the user's data.
fn metadata(fields: &[MetadataField], claims: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut data = Map::new();
    for field in fields {
        let Some((first, rest)) = field.path.split_first() else { continue };
        let value = rest.iter().try_fold(claims.get(first), |value, part| value.map(|value| value.get(part)));
        match value.flatten() {
            Some(value) if length(value) > MAX_METADATA_LENGTH => {
                return Err(Error::InvalidCustomToken("a metadata value is too long"));
            }
            Some(value) => {
                data.insert(field.name.clone(), value.clone());
            }
            None if field.required => {
                return Err(Error::InvalidCustomToken("a required metadata field is missing"));
            }
            None => {}
        }
    }
    Ok(data)
}

/// Characters of a text, or of the JSON of anything else.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        other => other.to_string().chars().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(path: &[&str], name: &str, required: bool) -> MetadataField {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        MetadataField { path, name: name.into(), required }
    }

    fn taken(fields: &[MetadataField], claims: &Value) -> Result<Value, Error> {
        metadata(fields, claims.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn only_configured_fields_are_taken_over_under_their_new_names() {
        let claims = json!({"sub": "1", "user_data": {"occupation": "cook"}, "a.b": 1, "x": {}});
        let fields = [
            field(&["user_data", "occupation"], "job", true),
            field(&["a.b"], "dotted", true),
            field(&["nothing", "here"], "absent", false),
        ];
        assert_eq!(taken(&fields, &claims).unwrap(), json!({"job": "cook", "dotted": 1}));
    }

    #[test]
    fn a_missing_required_field_and_a_long_value_refuse_the_login() {
        assert!(taken(&[field(&["x", "y"], "y", true)], &json!({"x": 1})).is_err());
        let long = "l".repeat(MAX_METADATA_LENGTH + 1);
        assert!(taken(&[field(&["x"], "x", false)], &json!({"x": long})).is_err());
    }
}
