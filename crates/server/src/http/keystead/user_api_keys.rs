//! `/apps/{app_id}/users/{user_id}/api_keys`: API keys of users, managed by administrators.

use crate::domain::managed_api_keys;
use crate::error::Error;
use crate::http::admin::{AdministeredApp, UserOfPath};
use crate::http::extract::{JsonBody, KeyName, KeyOfPath};
use crate::state::ThreadState;
use crate::store::api_keys::ApiKeyDetails;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keystead_protocol::api_key::CreatedApiKey;
use serde_json::{Value, json};

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<Json<Vec<Value>>, Error> {
    let keys = managed_api_keys::list(&state, &app, user_id).await?;
    Ok(Json(keys.iter().map(shown).collect()))
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    JsonBody(body): JsonBody<KeyName>,
) -> Result<Response, Error> {
    let created = managed_api_keys::create(&state, &app, user_id, body.text()?, &by).await?;
    let shown =
        CreatedApiKey { id: created.id, key: created.secret.expose(), name: &created.name, disabled: false };
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(in crate::http) async fn enable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<StatusCode, Error> {
    managed_api_keys::set_disabled(&state, &app, (user_id, key_id), false, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn disable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<StatusCode, Error> {
    managed_api_keys::set_disabled(&state, &app, (user_id, key_id), true, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<StatusCode, Error> {
    managed_api_keys::delete(&state, &app, (user_id, key_id), &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(details: &ApiKeyDetails) -> Value {
    let key = &details.key;
    let mut shown = json!({
        "_id": key.key_id,
        "name": key.name,
        "disabled": key.disabled,
        "created_at": key.created_at,
        "display_start": details.display_start,
        "display_end": details.display_end,
    });
    // Absent and not null, as everywhere.
    for (name, value) in [
        ("last_used_at", key.last_used_at.map(|at| json!(at))),
        ("last_used_from", details.last_used_from.as_ref().map(|from| json!(from))),
        ("last_used_agent", details.last_used_agent.as_ref().map(|agent| json!(agent))),
    ] {
        if let Some(value) = value {
            shown[name] = value;
        }
    }
    shown
}
