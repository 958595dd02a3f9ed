//! Server API keys (protocol §7.6, §4.4).

use super::AdministeredApp;
use crate::domain::server_keys;
use crate::error::Error;
use crate::http::describe::WrittenJson;
use crate::http::extract::{JsonBody, KeyName, KeyOfPath};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::api_key::{ApiKey, CreatedApiKey};

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
) -> Result<Json<Vec<ApiKey>>, Error> {
    server_keys::list(&state, &app).await.map(Json)
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(body): JsonBody<KeyName>,
) -> Result<WrittenJson<CreatedApiKey<'static>, 201>, Error> {
    let created = server_keys::create(&state, &app, body.text()?, &by).await?;
    let shown =
        CreatedApiKey { id: created.id, key: created.secret.expose(), name: &created.name, disabled: false };
    WrittenJson::of(&shown)
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<Json<ApiKey>, Error> {
    server_keys::get(&state, &app, key_id).await.map(Json)
}

pub(in crate::http) async fn enable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    server_keys::set_disabled(&state, &app, key_id, false, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn disable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    server_keys::set_disabled(&state, &app, key_id, true, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<NoContent, Error> {
    server_keys::delete(&state, &app, key_id, &by).await?;
    Ok(NoContent)
}
