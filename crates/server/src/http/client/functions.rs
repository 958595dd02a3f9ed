//! `/functions/call` and push registration (protocol §1.8). Functions and services do not run yet,
//! so each is one that does not exist.

use crate::app_config::App;
use crate::domain::sessions;
use crate::error::Error;
use crate::http::extract::{CurrentApp, JsonBody, Parameters, bearer, parse, path_parameters};
use crate::state::{ServerState, ThreadState};
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keystead_protocol::session::TokenType;
use serde::Deserialize;

#[derive(Deserialize)]
pub(in crate::http) struct Call {
    name: String,
    #[serde(default)]
    service: Option<String>,
}

pub(in crate::http) async fn call(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    headers: HeaderMap,
    JsonBody(call): JsonBody<Call>,
) -> Result<(), Error> {
    check_caller(&state, &app, &headers, None).await?;
    Err(not_found(call))
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
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    Parameters(query): Parameters<StreamQuery>,
    headers: HeaderMap,
) -> Result<(), Error> {
    check_caller(&state, &app, &headers, query.baas_at.as_deref()).await?;
    let request = query.baas_request.unwrap_or_default();
    let request =
        BASE64.decode(request).map_err(|_| Error::InvalidBody("baas_request is no base64".into()))?;
    Err(not_found(parse(&request)?))
}

/// The service that the path names.
pub(in crate::http) struct ServiceOfPath(String);

impl FromRequestParts<ThreadState> for ServiceOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        path_parameters(parts, ["service"]).map(|[service]| Self(service.into_owned()))
    }
}

pub(in crate::http) async fn push(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    ServiceOfPath(service): ServiceOfPath,
    headers: HeaderMap,
) -> Result<(), Error> {
    check_caller(&state, &app, &headers, None).await?;
    Err(Error::ServiceNotFound(service))
}

/// Functions are called by users of their own application. Whoever was logged out gets the answer
/// that SDKs expect here and nowhere else (protocol §3.3): exactly "unauthorized", no code.
async fn check_caller(
    state: &ServerState,
    app: &App,
    headers: &HeaderMap,
    token_of_query: Option<&str>,
) -> Result<(), Error> {
    let session = async {
        let token = token_of_query.map_or_else(|| bearer(headers), Ok)?;
        sessions::authenticate(state, token, TokenType::Access).await
    };
    let session = session.await.map_err(|error| match error {
        Error::EmptyBearer | Error::SessionEnded => Error::TokenForged(TokenType::Access),
        other => other,
    })?;
    if session.app.ids.app_id == app.ids.app_id { Ok(()) } else { Err(Error::TokenOfAnotherApp) }
}

fn not_found(call: Call) -> Error {
    match call.service {
        Some(service) => Error::ServiceNotFound(service),
        None => Error::FunctionNotFound(call.name),
    }
}
