//! `/auth/…` of the admin API (protocol §7.1).

use super::Admin;
use crate::domain::admins::{self, AdminTokens, GROUP_ID};
use crate::error::Error;
use crate::http::extract::{ClientInfo, JsonBody, bearer};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keystead_protocol::secret::SecretText;
use keystead_protocol::session::RefreshResponse;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(in crate::http) struct AdminCredentials {
    username: String,
    password: SecretText,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct AdminKeyPair {
    username: String,
    api_key: SecretText,
}

/// The ways in which administrators log in: with the account of the server, or with a key pair.
pub(in crate::http) async fn list_providers() -> Json<Value> {
    let provider = |name: &str| json!({"name": name, "type": name, "disabled": false});
    Json(json!([provider("local-userpass"), provider("mongodb-cloud")]))
}

pub(in crate::http) async fn log_in(
    State(state): State<ThreadState>,
    client: ClientInfo,
    JsonBody(body): JsonBody<AdminCredentials>,
) -> Result<Json<AdminTokens>, Error> {
    admins::log_in(&state, &body.username, body.password, &client.client()).await.map(Json)
}

pub(in crate::http) async fn log_in_by_key(
    State(state): State<ThreadState>,
    client: ClientInfo,
    JsonBody(body): JsonBody<AdminKeyPair>,
) -> Result<Json<AdminTokens>, Error> {
    admins::log_in_by_key(&state, &body.username, &body.api_key, &client.client()).await.map(Json)
}

pub(in crate::http) async fn refresh(
    State(state): State<ThreadState>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let access_token = admins::refresh(&state, bearer(&headers)?).await?;
    Ok((StatusCode::CREATED, Json(RefreshResponse { access_token })).into_response())
}

pub(in crate::http) async fn end(
    State(state): State<ThreadState>,
    client: ClientInfo,
    headers: HeaderMap,
) -> Result<StatusCode, Error> {
    admins::log_out(&state, bearer(&headers)?, &client.client()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn profile(Admin(admin): Admin) -> Json<Value> {
    Json(json!({
        "user_id": admin.admin_id,
        "domain_id": GROUP_ID,
        "identities": [],
        "data": {"email": admin.standing.login, "name": admin.standing.name},
        "type": "normal",
        "roles": [{"role_name": "GROUP_OWNER", "group_id": GROUP_ID}],
    }))
}
