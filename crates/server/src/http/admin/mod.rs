//! `/api/admin/v3.0` (protocol §7), as far as it goes: log in, list applications and users, and stop,
//! restart or delete a user.

mod apps;
mod session;
mod users;

use super::extract::{ClientInfo, bearer, has_parameter, path_parameters};
use super::route::{Route, at};
use crate::app_config::App;
use crate::domain::admins::{self, Administrator, GROUP_ID};
use crate::error::Error;
use crate::state::{Client, ThreadState};
use crate::store::admins::AdminRecord;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keystead_protocol::session::TokenType;
use std::sync::Arc;

/// `/api/admin/v3.0`, protocol §7.
pub(super) fn routes() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/auth/providers/local-userpass/login").post(session::log_in),
        at("/api/admin/v3.0/auth/session").post(session::refresh),
        at("/api/admin/v3.0/auth/profile").get(session::profile),
        at("/api/admin/v3.0/groups/{group_id}/apps").get(apps::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users").get(users::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/verify_token").post(users::verify_token),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}")
            .get(users::get)
            .delete(users::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/enable").put(users::enable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/disable").put(users::disable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/logout").put(users::log_out),
    ]
}

/// The administrator behind the access token in the Authorization header.
pub(super) struct Admin(pub(super) AdminRecord);

impl FromRequestParts<ThreadState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let token = bearer(&parts.headers)?;
        admins::authenticate(state, token, TokenType::Access).await.map(Self)
    }
}

/// That the path names the one group there is, or none, for an administrator.
pub(super) struct AdministeredGroup(pub(super) Administrator);

impl FromRequestParts<ThreadState> for AdministeredGroup {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let Admin(admin) = Admin::from_request_parts(parts, state).await?;
        let client = ClientInfo::from_request_parts(parts, state).await?;
        let Client { address, request_id, .. } = client.client();
        let [group_id] = path_parameters(parts, ["group_id"])?;
        // Routes of Keystead's own do without it.
        if has_parameter(parts, "group_id") && group_id.parse() != Ok(GROUP_ID) {
            return Err(Error::RouteNotFound);
        }
        Ok(Self(Administrator { admin_id: admin.admin_id, address, request_id }))
    }
}

/// The application that the path names, for an administrator.
pub(super) struct AdministeredApp {
    pub(super) app: Arc<App>,
    pub(super) by: Administrator,
}

impl FromRequestParts<ThreadState> for AdministeredApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let AdministeredGroup(by) = AdministeredGroup::from_request_parts(parts, state).await?;
        let [id] = path_parameters(parts, ["app_id"])?;
        let app = id.parse().ok().and_then(|app_id| state.apps().by_app_id(app_id));
        app.map(|app| Self { app, by }).ok_or_else(|| Error::AppNotFound(id.into_owned()))
    }
}
