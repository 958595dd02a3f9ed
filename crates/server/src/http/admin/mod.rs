//! `/api/admin/v3.0` (protocol §7): logging in, applications, users, pending users, server API keys. Who
//! may administer what is decided here, by what a handler asks for.

mod api_keys;
mod apps;
mod pending_users;
mod session;
mod users;

pub(super) use users::UserOfPath;

use super::extract::{ClientInfo, bearer, has_parameter, path_parameters};
use super::route::{Route, at};
use crate::app_config::App;
use crate::domain::admins::{self, AdminSession, Administrator, GROUP_ID};
use crate::error::Error;
use crate::state::ThreadState;
use crate::store::admins::AdminScope;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keystead_protocol::session::TokenType;
use std::sync::Arc;

/// `/api/admin/v3.0`, protocol §7.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        at("/api/admin/v3.0/auth/providers").get(session::list_providers),
        at("/api/admin/v3.0/auth/providers/local-userpass/login").post(session::log_in),
        at("/api/admin/v3.0/auth/providers/mongodb-cloud/login").post(session::log_in_by_key),
        at("/api/admin/v3.0/auth/session").post(session::refresh).delete(session::end),
        at("/api/admin/v3.0/auth/profile").get(session::profile),
        at("/api/admin/v3.0/groups/{group_id}/apps").get(apps::list),
    ];
    routes.extend(user_routes());
    routes.extend(pending_user_routes());
    routes.extend(server_key_routes());
    routes
}

/// Protocol §7.4.
fn user_routes() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users").get(users::list).post(users::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/verify_token").post(users::verify_token),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}")
            .get(users::get)
            .delete(users::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/enable").put(users::enable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/disable").put(users::disable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/logout").put(users::log_out),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/reset_email")
            .patch(users::reset_email),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/devices").get(users::devices),
    ]
}

/// Protocol §7.5.
fn pending_user_routes() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/pending_users")
            .get(pending_users::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}")
            .delete(pending_users::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/send_confirm")
            .post(pending_users::send_confirmation),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/confirm")
            .post(pending_users::confirm),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/run_confirm")
            .post(pending_users::run_confirmation),
    ]
}

/// Protocol §7.6.
fn server_key_routes() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys")
            .get(api_keys::list)
            .post(api_keys::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}")
            .get(api_keys::get)
            .delete(api_keys::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}/enable").put(api_keys::enable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}/disable")
            .put(api_keys::disable),
    ]
}

/// The administrator behind the access token in the Authorization header.
pub(super) struct Admin(pub(super) AdminSession);

impl FromRequestParts<ThreadState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let token = bearer(&parts.headers)?;
        admins::authenticate(state, token, TokenType::Access).await.map(Self)
    }
}

/// An administrator, if the path names the one group there is. Keystead's own routes name none.
pub(super) struct AdministeredGroup(pub(super) Administrator);

impl FromRequestParts<ThreadState> for AdministeredGroup {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let Admin(admin) = Admin::from_request_parts(parts, state).await?;
        let client = ClientInfo::from_request_parts(parts, state).await?;
        let [group_id] = path_parameters(parts, ["group_id"])?;
        if has_parameter(parts, "group_id") && group_id.parse() != Ok(GROUP_ID) {
            return Err(Error::RouteNotFound);
        }
        Ok(Self(admin.administrator(&client.client())))
    }
}

/// An administrator of the whole server, for what concerns more than one application.
pub(super) struct ServerAdministrator(pub(super) Administrator);

impl FromRequestParts<ThreadState> for ServerAdministrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let AdministeredGroup(by) = AdministeredGroup::from_request_parts(parts, state).await?;
        if by.scope == AdminScope::WholeServer { Ok(Self(by)) } else { Err(Error::ServerAdministratorNeeded) }
    }
}

/// The application that the path names, for an administrator of it. To others it does not exist.
pub(super) struct AdministeredApp {
    pub(super) app: Arc<App>,
    pub(super) by: Administrator,
}

impl FromRequestParts<ThreadState> for AdministeredApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let AdministeredGroup(by) = AdministeredGroup::from_request_parts(parts, state).await?;
        let [id] = path_parameters(parts, ["app_id"])?;
        let app_id = id.parse().ok().filter(|app_id| by.scope.includes(*app_id));
        let app = app_id.and_then(|app_id| state.apps().by_app_id(app_id));
        app.map(|app| Self { app, by }).ok_or_else(|| Error::AppNotFound(id.into_owned()))
    }
}
