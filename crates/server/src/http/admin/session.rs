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

pub(in crate::http) async fn log_in(
    State(state): State<ThreadState>,
    client: ClientInfo,
    JsonBody(body): JsonBody<AdminCredentials>,
) -> Result<Json<AdminTokens>, Error> {
    admins::log_in(&state, &body.username, body.password, &client.client()).await.map(Json)
}

pub(in crate::http) async fn refresh(
    State(state): State<ThreadState>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let access_token = admins::refresh(&state, bearer(&headers)?).await?;
    Ok((StatusCode::CREATED, Json(RefreshResponse { access_token })).into_response())
}

pub(in crate::http) async fn profile(Admin(admin): Admin) -> Json<Value> {
    Json(json!({
        "user_id": admin.admin_id,
        "domain_id": GROUP_ID,
        "identities": [],
        "data": {"email": admin.email, "name": admin.email},
        "type": "normal",
        "roles": [{"role_name": "GROUP_OWNER", "group_id": GROUP_ID}],
    }))
}
