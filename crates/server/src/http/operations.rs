//! What operators and their machines ask: is it alive, is it ready, what did it count.

use super::describe::{Answers, Definitions, Operation, Page};
use super::extract::Parameters;
use crate::error::Error;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use keystead_protocol::id::RequestId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How the server is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// The process answers.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// The store answers too.
pub(super) async fn ready(State(state): State<ThreadState>) -> Result<Json<Health>, Error> {
    state.store.check()?;
    Ok(Json(Health { status: "ready" }))
}

/// Which Keystead this is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Version {
    version: &'static str,
}

/// See [`Version`].
pub(super) async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION") })
}

/// `OpenMetrics` text.
pub(super) struct OpenMetrics(String);

impl IntoResponse for OpenMetrics {
    fn into_response(self) -> Response {
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(CONTENT_TYPE, content_type)], self.0).into_response()
    }
}

impl Answers for OpenMetrics {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answer(200, "application/openmetrics-text", json!({ "type": "string" }));
    }
}

/// What was counted.
pub(super) async fn metrics(State(state): State<ThreadState>) -> OpenMetrics {
    OpenMetrics(state.metrics.encode())
}

/// A page that says that the server runs.
pub(super) async fn root(State(state): State<ThreadState>) -> Page<impl IntoResponse> {
    let page = include_str!("root.html").replace("{version}", env!("CARGO_PKG_VERSION"));
    let page = page.replace("{base_url}", &state.public_url.replace('&', "&amp;").replace('<', "&lt;"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    Page(([(CONTENT_SECURITY_POLICY, policy)], Html(page)))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct LogQuery {
    co_id: RequestId,
}

/// Where to look.
#[derive(Serialize, JsonSchema)]
pub(super) struct LogLink {
    co_id: RequestId,
    message: String,
}

/// Where the links in error bodies lead: to the words to search the log for.
pub(super) async fn logs(Parameters(LogQuery { co_id }): Parameters<LogQuery>) -> Json<LogLink> {
    let message = format!("the operator of this server finds this request in its log by {co_id}");
    Json(LogLink { co_id, message })
}

/// Anything else.
pub(super) async fn unknown() -> Error {
    Error::RouteNotFound
}
