//! `/auth/api_keys` (protocol §1.1 K1–K6).

use crate::domain::api_keys;
use crate::error::Error;
use crate::http::describe::WrittenJson;
use crate::http::extract::{ClientInfo, JsonBody, KeyName, KeyOfPath, RefreshSession};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::api_key::{ApiKey, CreatedApiKey};

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    client: ClientInfo,
    JsonBody(body): JsonBody<KeyName>,
) -> Result<WrittenJson<CreatedApiKey<'static>, 201>, Error> {
    let created = api_keys::create(&state, &session, body.text()?, &client.client()).await?;
    let shown =
        CreatedApiKey { id: created.id, key: created.secret.expose(), name: &created.name, disabled: false };
    WrittenJson::of(&shown)
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
) -> Result<Json<Vec<ApiKey>>, Error> {
    api_keys::list(&state, &session).await.map(Json)
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    KeyOfPath(key_id): KeyOfPath,
) -> Result<Json<ApiKey>, Error> {
    api_keys::get(&state, &session, key_id).await.map(Json)
}

pub(in crate::http) async fn enable(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    KeyOfPath(key_id): KeyOfPath,
    client: ClientInfo,
) -> Result<NoContent, Error> {
    api_keys::enable(&state, &session, key_id, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn disable(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    KeyOfPath(key_id): KeyOfPath,
    client: ClientInfo,
) -> Result<NoContent, Error> {
    api_keys::disable(&state, &session, key_id, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    KeyOfPath(key_id): KeyOfPath,
    client: ClientInfo,
) -> Result<NoContent, Error> {
    api_keys::delete(&state, &session, key_id, &client.client()).await?;
    Ok(NoContent)
}
