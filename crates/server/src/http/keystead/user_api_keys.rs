//! `/apps/{app_id}/users/{user_id}/api_keys`: API keys of users, managed by administrators.

use crate::clock::Timestamp;
use crate::domain::managed_api_keys;
use crate::error::Error;
use crate::http::admin::{AdministeredApp, UserOfPath};
use crate::http::describe::WrittenJson;
use crate::http::extract::{JsonBody, KeyName, KeyOfPath};
use crate::state::ThreadState;
use crate::store::api_keys::ApiKeyDetails;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::api_key::CreatedApiKey;
use keystead_protocol::id::ApiKeyId;
use schemars::JsonSchema;
use serde::Serialize;

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<Json<Vec<ShownKey>>, Error> {
    let keys = managed_api_keys::list(&state, &app, user_id).await?;
    Ok(Json(keys.iter().map(shown).collect()))
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    JsonBody(body): JsonBody<KeyName>,
) -> Result<WrittenJson<CreatedApiKey<'static>, 201>, Error> {
    let created = managed_api_keys::create(&state, &app, user_id, body.text()?, &by).await?;
    let shown =
        CreatedApiKey { id: created.id, key: created.secret.expose(), name: &created.name, disabled: false };
    WrittenJson::of(&shown)
}

pub(in crate::http) async fn enable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    managed_api_keys::set_disabled(&state, &app, (user_id, key_id), false, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn disable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    managed_api_keys::set_disabled(&state, &app, (user_id, key_id), true, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    managed_api_keys::delete(&state, &app, (user_id, key_id), &by).await?;
    Ok(NoContent)
}

/// A key as administrators see it. What is not known is left out.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownKey {
    #[serde(rename = "_id")]
    id: ApiKeyId,
    name: String,
    disabled: bool,
    created_at: Timestamp,
    /// With which it begins.
    display_start: String,
    /// With which it ends.
    display_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_agent: Option<String>,
}

fn shown(
    ApiKeyDetails { key, display_start, display_end, last_used_from, last_used_agent, .. }: &ApiKeyDetails,
) -> ShownKey {
    ShownKey {
        id: key.key_id,
        name: key.name.clone(),
        disabled: key.disabled,
        created_at: key.created_at,
        display_start: display_start.clone(),
        display_end: display_end.clone(),
        last_used_at: key.last_used_at,
        last_used_from: last_used_from.clone(),
        last_used_agent: last_used_agent.clone(),
    }
}
