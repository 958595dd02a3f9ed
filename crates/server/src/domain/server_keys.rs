//! Server API keys (protocol §4.4): made by administrators for programs. Each has a user of its own, of
//! type `server`, who comes and goes with it.

use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::api_keys::{CreatedKey, check_name, stored_secret};
use crate::domain::audit;
use crate::domain::secret_key::KeySecret;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::api_keys::{InsertApiKeyOutcome, NewApiKey};
use crate::store::audit::Action;
use crate::store::server_keys::ServerKeyRecord;
use keystead_protocol::api_key::ApiKey;
use keystead_protocol::id::{ApiKeyId, UserId};

/// How many server keys an application may have (protocol §4.4).
pub const MAX_KEYS_PER_APP: u32 = 100;

/// Makes a key with its user.
///
/// # Errors
/// The application has no API keys, the name is not allowed or taken, or there are too many.
pub async fn create(
    state: &ServerState,
    app: &App,
    name: String,
    by: &Administrator,
) -> Result<CreatedKey, Error> {
    if !app.config.providers.api_key {
        return Err(Error::ApiKeysOff);
    }
    check_name(&name)?;
    let created_at = state.clock.now();
    let (id, user_id): (ApiKeyId, UserId) = (state.ids.next(created_at), state.ids.next(created_at));
    let prefix = &state.settings.server_key_prefix;
    let secret = KeySecret::generate(prefix, user_id)?;
    let key = NewApiKey {
        key_id: id,
        user_id,
        app_id: app.ids.app_id,
        name: name.clone(),
        secret: stored_secret(state, prefix, &secret),
        created_at,
    };
    let audit =
        audit::by_admin(state, by, Some(app), Action::ServerKeyCreated).about(&id).about_user(user_id);
    match state.store.insert_server_key(key, MAX_KEYS_PER_APP, audit).await? {
        InsertApiKeyOutcome::Inserted => Ok(CreatedKey { id, name, secret }),
        InsertApiKeyOutcome::NameTaken => Err(Error::ApiKeyNameTaken),
        InsertApiKeyOutcome::LimitReached => Err(Error::ServerKeyLimitReached(MAX_KEYS_PER_APP)),
        other => Err(Error::Internal(format!("a server key was not made: {other:?}"))),
    }
}

/// The application's server keys, oldest first.
///
/// # Errors
/// The store's.
pub async fn list(state: &ServerState, app: &App) -> Result<Vec<ApiKey>, Error> {
    let keys = state.store.list_server_keys(app.ids.app_id).await?;
    Ok(keys.into_iter().map(shown).collect())
}

/// One of the application's server keys.
///
/// # Errors
/// [`Error::ApiKeyNotFound`], also for a user's key and for one of another application.
pub async fn get(state: &ServerState, app: &App, key_id: ApiKeyId) -> Result<ApiKey, Error> {
    find(state, app, key_id).await.map(shown)
}

/// Enables a key, or disables it, which ends every session that was opened with it. Enabling revives none.
///
/// # Errors
/// As for [`get`].
pub async fn set_disabled(
    state: &ServerState,
    app: &App,
    key_id: ApiKeyId,
    disabled: bool,
    by: &Administrator,
) -> Result<(), Error> {
    let key = find(state, app, key_id).await?;
    let action = if disabled { Action::ServerKeyDisabled } else { Action::ServerKeyEnabled };
    let audit = audit::by_admin(state, by, Some(app), action).about(&key_id).about_user(key.user_id);
    let found = state.store.set_api_key_disabled(key.user_id, key_id, disabled, audit).await?;
    if found { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

/// Deletes a key with its user, and ends every session.
///
/// # Errors
/// As for [`get`].
pub async fn delete(
    state: &ServerState,
    app: &App,
    key_id: ApiKeyId,
    by: &Administrator,
) -> Result<(), Error> {
    let key = find(state, app, key_id).await?;
    let audit = audit::by_admin(state, by, Some(app), Action::ServerKeyDeleted).about(&key_id);
    let audit = audit.about_user(key.user_id);
    let deleted = state.store.delete_user(app.ids.app_id, key.user_id, audit).await?;
    if deleted { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

async fn find(state: &ServerState, app: &App, key_id: ApiKeyId) -> Result<ServerKeyRecord, Error> {
    state.store.find_server_key(app.ids.app_id, key_id).await?.ok_or(Error::ApiKeyNotFound)
}

fn shown(key: ServerKeyRecord) -> ApiKey {
    ApiKey { id: key.key_id, name: key.name, disabled: key.disabled }
}
