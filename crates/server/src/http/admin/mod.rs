//! `/api/admin/v3.0` (protocol §7), as far as it goes: log in, list applications and users, and stop,
//! restart or delete a user.

pub(super) mod apps;
pub(super) mod session;
pub(super) mod users;

use super::extract::{bearer, path_parameters};
use crate::app_config::App;
use crate::domain::admins::{self, GROUP_ID};
use crate::error::Error;
use crate::state::ThreadState;
use crate::store::admins::AdminRecord;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keystead_protocol::session::TokenType;
use std::sync::Arc;

/// The administrator behind the access token in the Authorization header.
pub(super) struct Admin(pub(super) AdminRecord);

impl FromRequestParts<ThreadState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let token = bearer(&parts.headers)?;
        admins::authenticate(state, token, TokenType::Access).await.map(Self)
    }
}

/// That the path names the one group there is, for an administrator.
pub(super) struct AdministeredGroup;

impl FromRequestParts<ThreadState> for AdministeredGroup {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        Admin::from_request_parts(parts, state).await?;
        let [group_id] = path_parameters(parts, ["group_id"])?;
        if group_id.parse() == Ok(GROUP_ID) { Ok(Self) } else { Err(Error::RouteNotFound) }
    }
}

/// The application that the path names, for an administrator.
pub(super) struct AdministeredApp(pub(super) Arc<App>);

impl FromRequestParts<ThreadState> for AdministeredApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        AdministeredGroup::from_request_parts(parts, state).await?;
        let [id] = path_parameters(parts, ["app_id"])?;
        let app = id.parse().ok().and_then(|app_id| state.apps().by_app_id(app_id));
        app.map(Self).ok_or_else(|| Error::AppNotFound(id.into_owned()))
    }
}
