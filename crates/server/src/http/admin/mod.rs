//! `/api/admin/v3.0` (protocol §7): `routes.rs` has the table, and every other file one noun. Who may do what is
//! decided by the extractors below.

mod api_keys;
mod apps;
mod debug;
mod deployments;
mod item_schemas;
mod items;
mod logs;
mod pending_users;
mod routes;
mod secrets;
mod services;
mod session;
mod settings;
mod users;

pub(super) use routes::routes;
pub(super) use users::UserOfPath;

use super::extract::{ClientInfo, bearer, has_parameter, path_parameters};
use crate::app_config::App;
use crate::domain::admins::{self, AdminSession, Administrator, GROUP_ID};
use crate::domain::request_notes;
use crate::error::Error;
use crate::state::ThreadState;
use crate::store::admins::AdminScope;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keystead_protocol::session::TokenType;
use std::sync::Arc;

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
        if let Some(app) = &app {
            request_notes::app(app.ids.app_id);
        }
        app.map(|app| Self { app, by }).ok_or_else(|| Error::AppNotFound(id.into_owned()))
    }
}
