//! `/auth/api_keys` (protocol §1.1 K1–K6).

use crate::domain::api_keys;
use crate::error::Error;
use crate::http::describe::{WrittenJson, refusing};
use crate::http::extract::{ClientInfo, JsonBody, RefreshSession, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::api_key::{ApiKey, CreatedApiKey};
use keystead_protocol::id::ApiKeyId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct CreateBody {
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9_-]{1,64}$"))]
    name: Value,
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    client: ClientInfo,
    JsonBody(body): JsonBody<CreateBody>,
) -> Result<WrittenJson<CreatedApiKey<'static>, 201>, Error> {
    // Whatever is no string is as good as no name: SDKs know one sentence for both.
    let Value::String(name) = body.name else { return Err(Error::ApiKeyNameMissing) };
    let created = api_keys::create(&state, &session, name, &client.client()).await?;
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

/// The key that the path names. What is no id is nobody's key.
pub(in crate::http) struct KeyOfPath(ApiKeyId);

impl FromRequestParts<ThreadState> for KeyOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [key_id] = path_parameters(parts, ["key_id"]).map_err(|_| Error::ApiKeyNotFound)?;
        key_id.parse().map(Self).map_err(|_| Error::ApiKeyNotFound)
    }
}

refusing! { KeyOfPath => [404] }
