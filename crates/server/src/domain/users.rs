//! Users: their profile, and how one is disabled, logged out everywhere, or deleted.

use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::domain::sessions::Session;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::audit::Action;
use crate::store::users::{IdentityRecord, UserRecord};
use keystead_protocol::id::UserId;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::{Identity, Profile};
use serde_json::{Map, Value};

/// The profile of the session's user.
///
/// # Errors
/// [`Error::SessionEnded`] if the user was deleted a moment ago.
pub async fn profile(state: &ServerState, session: &Session) -> Result<Profile, Error> {
    let user = state.store.find_user(session.user_id).await?.ok_or(Error::SessionEnded)?;
    let mut identities = stored_identities(&session.app, &user);
    identities.extend(key_identities(state, session).await?);
    Ok(Profile {
        user_id: user.user_id,
        domain_id: session.app.ids.domain_id,
        data: merged_data(&identities),
        identities,
        user_type: user.user_type,
    })
}

/// How many users a page of [`list`] has (protocol §7.4).
const PAGE: u32 = 50;

/// A page of the application's users in order of their ids, after `after`.
pub async fn list(state: &ServerState, app: &App, after: Option<UserId>) -> Result<Vec<UserRecord>, Error> {
    Ok(state.store.list_users(app.ids.app_id, after, PAGE).await?)
}

/// One of the application's users.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn get(state: &ServerState, app: &App, user_id: UserId) -> Result<UserRecord, Error> {
    let user = state.store.find_user(user_id).await?;
    user.filter(|user| user.app_id == app.ids.app_id).ok_or(Error::UserNotFound)
}

/// Disables or enables a user. Disabling ends all sessions, and enabling revives none.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn set_disabled(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    disabled: bool,
    by: &Administrator,
) -> Result<(), Error> {
    let action = if disabled { Action::UserDisabled } else { Action::UserEnabled };
    let audit = audit::by_admin(state, by, Some(app), action).about_user(user_id);
    found(state.store.set_user_disabled(app.ids.app_id, user_id, disabled, audit).await?)
}

/// Ends all sessions of a user.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn revoke_sessions(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    by: &Administrator,
) -> Result<(), Error> {
    let audit = audit::by_admin(state, by, Some(app), Action::UserSessionsRevoked).about_user(user_id);
    found(state.store.revoke_user_sessions(app.ids.app_id, user_id, audit).await?)
}

/// Deletes a user with everything that is theirs.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn delete(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    by: &Administrator,
) -> Result<(), Error> {
    let audit = audit::by_admin(state, by, Some(app), Action::UserDeleted).about_user(user_id);
    found(state.store.delete_user(app.ids.app_id, user_id, audit).await?)
}

/// Deletes the user of the session with everything that is theirs.
///
/// # Errors
/// [`Error::SessionEnded`] if the user was deleted a moment ago.
pub async fn delete_own(state: &ServerState, session: &Session, client: &Client<'_>) -> Result<(), Error> {
    let audit = audit::by_user(state, session, client, Action::UserDeleted);
    let deleted = state.store.delete_user(session.app.ids.app_id, session.user_id, audit).await?;
    if deleted { Ok(()) } else { Err(Error::SessionEnded) }
}

/// The identities of a user, without API keys.
pub fn stored_identities(app: &App, user: &UserRecord) -> Vec<Identity> {
    let identity = |stored: &IdentityRecord| Identity {
        id: stored.identity_id.clone(),
        provider_type: stored.provider_type,
        provider_id: app.provider_id(stored.provider_type),
        provider_data: stored.data.clone(),
    };
    user.identities.iter().map(identity).collect()
}

/// What all identities say of the user; the first to say something is right.
pub fn merged_data(identities: &[Identity]) -> Map<String, Value> {
    let mut data = Map::new();
    for (key, value) in identities.iter().flat_map(|identity| &identity.provider_data) {
        data.entry(key.clone()).or_insert_with(|| value.clone());
    }
    data
}

/// An API key is an identity from its first login on (protocol §4.3). The login itself writes
/// nothing, so whether there was one is known from what was written of its use, from what waits to
/// be written, or from this very session.
async fn key_identities(state: &ServerState, session: &Session) -> Result<Vec<Identity>, Error> {
    let keys = state.store.list_api_keys(session.user_id).await?;
    let used = keys.into_iter().filter(|key| {
        key.last_used_at.is_some()
            || session.grounds.api_key == Some(key.key_id)
            || state.usage.has_use_of(key.key_id)
    });
    Ok(used
        .map(|key| Identity {
            id: key.key_id.to_string(),
            provider_type: ProviderType::ApiKey,
            provider_id: session.app.provider_id(ProviderType::ApiKey),
            provider_data: Map::from_iter([("name".to_owned(), Value::String(key.name))]),
        })
        .collect())
}

fn found(found: bool) -> Result<(), Error> {
    if found { Ok(()) } else { Err(Error::UserNotFound) }
}
