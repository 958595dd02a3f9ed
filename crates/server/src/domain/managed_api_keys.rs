//! API keys of users as administrators manage them. Here the owner is named by the request, because an
//! administrator acts; that it was one, the audit trail says.

use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::api_keys::{self, CreatedKey};
use crate::domain::{audit, server_keys, users};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::api_keys::{ApiKeyDetails, ApiKeyRecord};
use crate::store::audit::Action;
use keystead_protocol::id::{ApiKeyId, UserId};

/// A user's keys, oldest first.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn list(state: &ServerState, app: &App, user_id: UserId) -> Result<Vec<ApiKeyDetails>, Error> {
    users::get(state, app, user_id).await?;
    Ok(state.store.list_api_key_details(user_id).await?)
}

/// Makes a key for a user.
///
/// # Errors
/// As for [`list`], and as if the user made it.
pub async fn create(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    name: String,
    by: &Administrator,
) -> Result<CreatedKey, Error> {
    users::get(state, app, user_id).await?;
    let audit = audit::by_admin(state, by, Some(app), Action::ApiKeyCreated).about_user(user_id);
    api_keys::insert(state, app, user_id, name, audit).await
}

/// Enables a key, or disables it, which ends every session that was opened with it. Enabling revives none.
///
/// # Errors
/// As for [`list`]; [`Error::ApiKeyNotFound`], also for a key of somebody else.
pub async fn set_disabled(
    state: &ServerState,
    app: &App,
    (user_id, key_id): (UserId, ApiKeyId),
    disabled: bool,
    by: &Administrator,
) -> Result<(), Error> {
    if find(state, app, user_id, key_id).await?.is_server_key {
        return server_keys::set_disabled(state, app, key_id, disabled, by).await;
    }
    let action = if disabled { Action::ApiKeyDisabled } else { Action::ApiKeyEnabled };
    let audit = audit::by_admin(state, by, Some(app), action).about_user(user_id).about(&key_id);
    let found = state.store.set_api_key_disabled(user_id, key_id, disabled, audit).await?;
    if found { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

/// Deletes a key, and ends every session that was opened with it. A server key goes with its user.
///
/// # Errors
/// As for [`set_disabled`].
pub async fn delete(
    state: &ServerState,
    app: &App,
    (user_id, key_id): (UserId, ApiKeyId),
    by: &Administrator,
) -> Result<(), Error> {
    if find(state, app, user_id, key_id).await?.is_server_key {
        return server_keys::delete(state, app, key_id, by).await;
    }
    let audit =
        audit::by_admin(state, by, Some(app), Action::ApiKeyDeleted).about_user(user_id).about(&key_id);
    let deleted = state.store.delete_api_key(user_id, key_id, audit).await?;
    if deleted { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

async fn find(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    key_id: ApiKeyId,
) -> Result<ApiKeyRecord, Error> {
    users::get(state, app, user_id).await?;
    state.store.find_api_key(user_id, key_id).await?.ok_or(Error::ApiKeyNotFound)
}
