//! Users: their profile, and how one is disabled, logged out everywhere, or deleted.

use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::domain::sessions::Session;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::audit::Action;
use crate::store::users::{IdentityRecord, UserOrder, UserQuery, UserRecord};
use keystead_protocol::id::{ApiKeyId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::{Identity, Profile};
use serde_json::{Map, Value};

/// The profile of the session's user.
///
/// # Errors
/// [`Error::SessionEnded`] if the user was deleted a moment ago.
pub async fn profile(state: &ServerState, session: &Session) -> Result<Profile, Error> {
    let user = state.store.find_user(session.user_id).await?.ok_or(Error::SessionEnded)?;
    let identities = identities(state, &session.app, &user, session.grounds.api_key).await?;
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

/// A user as administrators see them.
pub struct AdministeredUser {
    /// What is stored.
    pub record: UserRecord,
    /// All their identities, API keys that were used among them.
    pub identities: Vec<Identity>,
}

/// A page of the application's users.
///
/// # Errors
/// [`Error::ListedAfterNobody`].
pub async fn list(state: &ServerState, app: &App, query: UserQuery) -> Result<Vec<AdministeredUser>, Error> {
    let uses_matter = query.order == UserOrder::LastSeenAt
        || query.provider_types.as_ref().is_some_and(|types| types.contains(&ProviderType::ApiKey));
    if uses_matter {
        // The store decides who is on the page, so it has to know.
        state.usage.flush(state.store.as_ref()).await?;
    }
    let records = state.store.list_users(app.ids.app_id, query, PAGE).await?;
    let mut users = Vec::new();
    for record in records.ok_or(Error::ListedAfterNobody)? {
        let identities = identities(state, app, &record, None).await?;
        users.push(AdministeredUser { record, identities });
    }
    Ok(users)
}

/// One of the application's users, as administrators see them.
///
/// # Errors
/// [`Error::UserNotFound`], also for a user of another application.
pub async fn describe(state: &ServerState, app: &App, user_id: UserId) -> Result<AdministeredUser, Error> {
    let record = get(state, app, user_id).await?;
    let identities = identities(state, app, &record, None).await?;
    Ok(AdministeredUser { record, identities })
}

/// One of the application's users, as they are stored.
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

/// What all identities say of the user; the first to say something is right.
pub fn merged_data(identities: &[Identity]) -> Map<String, Value> {
    let mut data = Map::new();
    for (key, value) in identities.iter().flat_map(|identity| &identity.provider_data) {
        data.entry(key.clone()).or_insert_with(|| value.clone());
    }
    data
}

/// All identities of a user. A user's API key is one from its first login on (protocol §4.3), a server's
/// always (§4.4). The login itself writes nothing, so whether there was one is known from what was written
/// of its use, from what waits to be written, or from the session that asks, which `in_use` opened.
async fn identities(
    state: &ServerState,
    app: &App,
    user: &UserRecord,
    in_use: Option<ApiKeyId>,
) -> Result<Vec<Identity>, Error> {
    let identity = |stored: &IdentityRecord| Identity {
        id: stored.identity_id.clone(),
        provider_type: stored.provider_type,
        provider_id: app.provider_id(stored.provider_type),
        provider_data: stored.data.clone(),
    };
    let mut identities: Vec<_> = user.identities.iter().map(identity).collect();
    let keys = state.store.list_api_keys(user.user_id).await?;
    let shown = keys.into_iter().filter(|key| {
        key.is_server_key
            || key.last_used_at.is_some()
            || in_use == Some(key.key_id)
            || state.usage.has_use_of(key.key_id)
    });
    identities.extend(shown.map(|key| Identity {
        id: key.key_id.to_string(),
        provider_type: ProviderType::ApiKey,
        provider_id: app.provider_id(ProviderType::ApiKey),
        provider_data: Map::from_iter([("name".to_owned(), Value::String(key.name))]),
    }));
    Ok(identities)
}

fn found(found: bool) -> Result<(), Error> {
    if found { Ok(()) } else { Err(Error::UserNotFound) }
}
