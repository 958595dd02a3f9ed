//! What operators and their machines ask: is it alive, is it ready, what did it count.

use super::extract::Parameters;
use crate::error::Error;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use keystead_protocol::id::RequestId;
use serde::Deserialize;
use serde_json::{Value, json};

/// The process answers.
pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

/// The store answers too.
pub(super) async fn ready(State(state): State<ThreadState>) -> Result<Json<Value>, Error> {
    state.store.check()?;
    Ok(Json(json!({"status": "ready"})))
}

/// Which Keystead this is.
pub(super) async fn version() -> Json<Value> {
    Json(json!({"version": env!("CARGO_PKG_VERSION")}))
}

/// `OpenMetrics` text.
pub(super) async fn metrics(State(state): State<ThreadState>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, content_type)], state.metrics.encode()).into_response()
}

/// A page that says that the server runs.
pub(super) async fn root(State(state): State<ThreadState>) -> Response {
    let page = include_str!("root.html").replace("{version}", env!("CARGO_PKG_VERSION"));
    let page = page.replace("{base_url}", &state.public_url.replace('&', "&amp;").replace('<', "&lt;"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    ([(CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

#[derive(Deserialize)]
pub(super) struct LogQuery {
    co_id: RequestId,
}

/// Where the links in error bodies lead: to the words to search the log for.
pub(super) async fn logs(Parameters(LogQuery { co_id }): Parameters<LogQuery>) -> Json<Value> {
    Json(json!({
        "co_id": co_id,
        "message": format!("the operator of this server finds this request in its log by {co_id}"),
    }))
}

/// Anything else.
pub(super) async fn unknown() -> Error {
    Error::RouteNotFound
}
