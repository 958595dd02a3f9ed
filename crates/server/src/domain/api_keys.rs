//! User API keys: create, list, fetch, enable, disable, delete. The owner is always the user of the
//! session, never somebody named in a request. What administrators do is in `managed_api_keys.rs`.

use crate::app_config::App;
use crate::domain::audit;
use crate::domain::secret_key::{KeyPrefix, KeySecret};
use crate::domain::sessions::Session;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::api_keys::{ApiKeyRecord, InsertApiKeyOutcome, NewApiKey, SecretRecord};
use crate::store::audit::{Action, AuditEvent};
use keystead_protocol::api_key::{ApiKey, valid_name};
use keystead_protocol::id::{ApiKeyId, UserId};

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
/// The application has no API keys, the name is not allowed or taken, the user is anonymous or a server, or has too
/// many keys.
pub async fn create(
    state: &ServerState,
    session: &Session,
    name: String,
    client: &Client<'_>,
) -> Result<CreatedKey, Error> {
    let audit = audit::by_user(state, session, client, Action::ApiKeyCreated);
    insert(state, &session.app, session.user_id, name, audit).await
}

/// Makes a key for a user, if the session that asks for it, unless an administrator does, still stands.
/// `audit` is completed with which key it is.
pub(super) async fn insert(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    name: String,
    audit: AuditEvent,
) -> Result<CreatedKey, Error> {
    if !app.config.providers.api_key {
        return Err(Error::ApiKeysOff);
    }
    check_name(&name)?;
    let created_at = state.clock.now();
    let id = state.ids.next(created_at);
    let prefix = &state.settings.key_prefix;
    let secret = KeySecret::generate(prefix, user_id)?;
    let key = NewApiKey {
        key_id: id,
        user_id,
        app_id: app.ids.app_id,
        name: name.clone(),
        secret: stored_secret(state, prefix, &secret),
        created_at,
    };
    match state.store.insert_api_key(key, MAX_KEYS_PER_USER, audit.about(&id)).await? {
        InsertApiKeyOutcome::Inserted => Ok(CreatedKey { id, name, secret }),
        InsertApiKeyOutcome::NameTaken => Err(Error::ApiKeyNameTaken),
        InsertApiKeyOutcome::LimitReached => Err(Error::ApiKeyLimitReached(MAX_KEYS_PER_USER)),
        InsertApiKeyOutcome::AnonymousOwner => Err(Error::ApiKeyForAnonymous),
        InsertApiKeyOutcome::ServerOwner => Err(Error::ServerKeyOfAdministrators),
        InsertApiKeyOutcome::NoSuchUser => Err(Error::UserNotFound),
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    match name {
        "" => Err(Error::ApiKeyNameMissing),
        name if !valid_name(name) => Err(Error::ApiKeyNameInvalid),
        _ => Ok(()),
    }
}

/// What is kept of a secret.
pub(super) fn stored_secret(state: &ServerState, prefix: &KeyPrefix, secret: &KeySecret) -> SecretRecord {
    SecretRecord {
        digest: state.pepper.digest_api_key(secret.expose()),
        prefix: prefix.as_str().to_owned(),
        display_start: secret.display_start().to_owned(),
        display_end: secret.display_end().to_owned(),
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
    check_is_the_users(state, session, key_id).await?;
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
    check_is_the_users(state, session, key_id).await?;
    let action = if disabled { Action::ApiKeyDisabled } else { Action::ApiKeyEnabled };
    let audit = audit::by_user(state, session, client, action).about(&key_id);
    let found = state.store.set_api_key_disabled(session.user_id, key_id, disabled, audit).await?;
    if found { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

/// Whoever holds a server key must not take it from those who gave it to them.
async fn check_is_the_users(state: &ServerState, session: &Session, key_id: ApiKeyId) -> Result<(), Error> {
    match state.store.find_api_key(session.user_id, key_id).await? {
        None => Err(Error::ApiKeyNotFound),
        Some(key) if key.is_server_key => Err(Error::ServerKeyOfAdministrators),
        Some(_) => Ok(()),
    }
}

fn shown(key: ApiKeyRecord) -> ApiKey {
    ApiKey { id: key.key_id, name: key.name, disabled: key.disabled }
}
