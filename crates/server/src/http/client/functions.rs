//! `/functions/call` and push registration (protocol §1.8). Functions and services do not run yet,
//! so each is one that does not exist.

use crate::domain::sessions;
use crate::error::Error;
use crate::http::extract::{AccessUser, CurrentApp, JsonBody, bearer, check_origin};
use crate::state::ServerState;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keystead_protocol::session::TokenType;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(in crate::http) struct Call {
    name: String,
    #[serde(default)]
    service: Option<String>,
}

pub(in crate::http) async fn call(
    CurrentApp(app): CurrentApp,
    AccessUser(session): AccessUser,
    JsonBody(call): JsonBody<Call>,
) -> Error {
    if session.app.ids.app_id != app.ids.app_id {
        return Error::TokenOfAnotherApp;
    }
    not_found(call)
}

#[derive(Deserialize)]
pub(in crate::http) struct StreamQuery {
    #[serde(alias = "stitch_request")]
    baas_request: Option<String>,
    #[serde(alias = "stitch_at")]
    baas_at: Option<String>,
}

/// The streaming form. Its token may be in the query, because event sources cannot send headers.
pub(in crate::http) async fn stream(
    State(state): State<Arc<ServerState>>,
    CurrentApp(app): CurrentApp,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<(), Error> {
    let token = match &query.baas_at {
        Some(token) => token,
        None => bearer(&headers)?,
    };
    let session = sessions::authenticate(&state, token, TokenType::Access).await?;
    check_origin(&headers, &session.app)?;
    if session.app.ids.app_id != app.ids.app_id {
        return Err(Error::TokenOfAnotherApp);
    }
    let request = query.baas_request.unwrap_or_default();
    let request =
        BASE64.decode(request).map_err(|_| Error::InvalidBody("baas_request is no base64".into()))?;
    Err(not_found(crate::http::extract::parse(&request)?))
}

pub(in crate::http) async fn push(
    CurrentApp(_): CurrentApp,
    AccessUser(_): AccessUser,
    Path((_, service)): Path<(String, String)>,
) -> Error {
    Error::ServiceNotFound(service)
}

fn not_found(call: Call) -> Error {
    match call.service {
        Some(service) => Error::ServiceNotFound(service),
        None => Error::FunctionNotFound(call.name),
    }
}
