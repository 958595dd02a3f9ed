//! User API keys: create, list, fetch, enable, disable, delete. The owner is always the user of the
//! session, never somebody named in a request.

use crate::domain::audit;
use crate::domain::secret_key::KeySecret;
use crate::domain::sessions::Session;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::api_keys::{ApiKeyRecord, InsertApiKeyOutcome, NewApiKey, SecretRecord};
use crate::store::audit::Action;
use keystead_protocol::api_key::{ApiKey, valid_name};
use keystead_protocol::id::ApiKeyId;

/// How many keys a user may have (protocol §4.1).
pub const MAX_KEYS_PER_USER: u32 = 20;

/// A key that was just made. Its secret is in here and nowhere else.
#[must_use = "the secret of a new key is not kept: show it now or it is lost"]
pub struct CreatedKey {
    /// The id.
    pub id: ApiKeyId,
    /// The name.
    pub name: String,
    /// The secret.
    pub secret: KeySecret,
}

/// Makes a key for the user of the session.
///
/// # Errors
/// The application has no API keys, the name is not allowed or taken, the user is anonymous or has too many keys.
pub async fn create(
    state: &ServerState,
    session: &Session,
    name: String,
    client: &Client<'_>,
) -> Result<CreatedKey, Error> {
    if !session.app.config.providers.api_key {
        return Err(Error::ApiKeysOff);
    }
    if name.is_empty() {
        return Err(Error::ApiKeyNameMissing);
    }
    if !valid_name(&name) {
        return Err(Error::ApiKeyNameInvalid);
    }
    let created_at = state.clock.now();
    let id = state.ids.next(created_at);
    let secret = KeySecret::generate(&state.settings.key_prefix, session.user_id)?;
    let key = NewApiKey {
        key_id: id,
        user_id: session.user_id,
        app_id: session.app.ids.app_id,
        name: name.clone(),
        secret: SecretRecord {
            digest: state.pepper.digest_api_key(secret.expose()),
            prefix: state.settings.key_prefix.as_str().to_owned(),
            display_start: secret.display_start().to_owned(),
            display_end: secret.display_end().to_owned(),
        },
        created_at,
    };
    let audit = audit::by_user(state, session, client, Action::ApiKeyCreated).about(&id);
    match state.store.insert_api_key(key, MAX_KEYS_PER_USER, Some(session.guard()), audit).await? {
        InsertApiKeyOutcome::Inserted => Ok(CreatedKey { id, name, secret }),
        InsertApiKeyOutcome::NameTaken => Err(Error::ApiKeyNameTaken),
        InsertApiKeyOutcome::LimitReached => Err(Error::ApiKeyLimitReached(MAX_KEYS_PER_USER)),
        InsertApiKeyOutcome::AnonymousOwner => Err(Error::ApiKeyForAnonymous),
        InsertApiKeyOutcome::NoSuchUser | InsertApiKeyOutcome::SessionEnded => Err(Error::SessionEnded),
    }
}

/// The user's keys, oldest first.
pub async fn list(state: &ServerState, session: &Session) -> Result<Vec<ApiKey>, Error> {
    let keys = state.store.list_api_keys(session.user_id).await?;
    Ok(keys.into_iter().map(shown).collect())
}

/// One of the user's keys.
///
/// # Errors
/// [`Error::ApiKeyNotFound`], also for a key of somebody else.
pub async fn get(state: &ServerState, session: &Session, key_id: ApiKeyId) -> Result<ApiKey, Error> {
    let key = state.store.find_api_key(session.user_id, key_id).await?;
    key.map(shown).ok_or(Error::ApiKeyNotFound)
}

/// Lets a key log in again. The sessions that disabling ended stay ended.
///
/// # Errors
/// [`Error::ApiKeyNotFound`], also for a key of somebody else.
pub async fn enable(
    state: &ServerState,
    session: &Session,
    key_id: ApiKeyId,
    client: &Client<'_>,
) -> Result<(), Error> {
    set_disabled(state, session, key_id, false, client).await
}

/// Stops a key from logging in, and ends every session that was opened with it.
///
/// # Errors
/// [`Error::ApiKeyNotFound`], also for a key of somebody else.
pub async fn disable(
    state: &ServerState,
    session: &Session,
    key_id: ApiKeyId,
    client: &Client<'_>,
) -> Result<(), Error> {
    set_disabled(state, session, key_id, true, client).await
}

/// Deletes a key, and ends every session that was opened with it.
///
/// # Errors
/// [`Error::ApiKeyNotFound`], also for a key of somebody else; [`Error::ApiKeyInUse`] for the key
/// that opened this session.
pub async fn delete(
    state: &ServerState,
    session: &Session,
    key_id: ApiKeyId,
    client: &Client<'_>,
) -> Result<(), Error> {
    if session.grounds.api_key == Some(key_id) {
        return Err(Error::ApiKeyInUse);
    }
    let audit = audit::by_user(state, session, client, Action::ApiKeyDeleted).about(&key_id);
    let deleted = state.store.delete_api_key(session.user_id, key_id, audit).await?;
    if deleted { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

async fn set_disabled(
    state: &ServerState,
    session: &Session,
    key_id: ApiKeyId,
    disabled: bool,
    client: &Client<'_>,
) -> Result<(), Error> {
    let action = if disabled { Action::ApiKeyDisabled } else { Action::ApiKeyEnabled };
    let audit = audit::by_user(state, session, client, action).about(&key_id);
    let found = state.store.set_api_key_disabled(session.user_id, key_id, disabled, audit).await?;
    if found { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

fn shown(key: ApiKeyRecord) -> ApiKey {
    ApiKey { id: key.key_id, name: key.name, disabled: key.disabled }
}
