//! `/auth/…` of the admin API (protocol §7.1).

use super::Admin;
use crate::domain::admins::{self, AdminTokens, GROUP_ID};
use crate::error::Error;
use crate::http::describe::Created;
use crate::http::extract::{ClientInfo, JsonBody, bearer};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::NoContent;
use keystead_protocol::id::{AdminId, ObjectId};
use keystead_protocol::secret::SecretText;
use keystead_protocol::session::RefreshResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct AdminCredentials {
    username: String,
    password: SecretText,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct AdminKeyPair {
    username: String,
    api_key: SecretText,
}

/// A way to log in.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct AdminProvider {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    disabled: bool,
}

/// The ways in which administrators log in: with the account of the server, or with a key pair.
pub(in crate::http) async fn list_providers() -> Json<Vec<AdminProvider>> {
    let provider = |name| AdminProvider { name, kind: name, disabled: false };
    Json(vec![provider("local-userpass"), provider("mongodb-cloud")])
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
) -> Result<Created<RefreshResponse>, Error> {
    let access_token = admins::refresh(&state, bearer(&headers)?).await?;
    Ok(Created(RefreshResponse { access_token }))
}

/// The administrator, as existing tools read it: with exactly one group.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct AdminProfile {
    user_id: AdminId,
    domain_id: ObjectId,
    identities: [(); 0],
    data: AdminData,
    #[serde(rename = "type")]
    kind: &'static str,
    roles: [Role; 1],
}

#[derive(Serialize, JsonSchema)]
struct AdminData {
    email: String,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Role {
    role_name: &'static str,
    group_id: ObjectId,
}

pub(in crate::http) async fn profile(Admin(admin): Admin) -> Json<AdminProfile> {
    Json(AdminProfile {
        user_id: admin.admin_id,
        domain_id: GROUP_ID,
        identities: [],
        data: AdminData { email: admin.standing.login, name: admin.standing.name },
        kind: "normal",
        roles: [Role { role_name: "GROUP_OWNER", group_id: GROUP_ID }],
    })
}

pub(in crate::http) async fn end(
    State(state): State<ThreadState>,
    client: ClientInfo,
    headers: HeaderMap,
) -> Result<NoContent, Error> {
    admins::log_out(&state, bearer(&headers)?, &client.client()).await?;
    Ok(NoContent)
}
