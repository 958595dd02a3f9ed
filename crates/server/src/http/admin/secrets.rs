//! Secrets of an application (protocol §7.7). Their values go in and never come out.

use super::AdministeredApp;
use crate::domain::apps::secrets;
use crate::error::Error;
use crate::http::describe::{Created, refusing};
use crate::http::extract::{JsonBody, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::SecretId;
use keystead_protocol::secret::SecretText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The secret that the path names. What is no id is the id of nothing.
pub(in crate::http) struct SecretOfPath(SecretId);

impl FromRequestParts<ThreadState> for SecretOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [id] = path_parameters(parts, ["secret_id"])?;
        id.parse().map(Self).map_err(|_| Error::SecretNotFound)
    }
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
) -> Result<Json<Vec<ShownSecret>>, Error> {
    let secrets = secrets::list(&state, &app).await?;
    Ok(Json(secrets.into_iter().map(|(id, name)| ShownSecret { id, name }).collect()))
}

/// A secret, without its value.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownSecret {
    #[serde(rename = "_id")]
    id: SecretId,
    name: String,
}

refusing! { SecretOfPath => [404] }

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct SecretBody {
    name: Option<String>,
    value: SecretText,
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(SecretBody { name, value }): JsonBody<SecretBody>,
) -> Result<Created<ShownSecret>, Error> {
    let name = name.ok_or(Error::ItemNameMissing)?;
    let id = secrets::create(&state, &app, &by, name.clone(), value).await?;
    Ok(Created(ShownSecret { id, name }))
}

pub(in crate::http) async fn update(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    SecretOfPath(id): SecretOfPath,
    JsonBody(SecretBody { name, value }): JsonBody<SecretBody>,
) -> Result<NoContent, Error> {
    secrets::update(&state, &app, &by, id, name, value).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    SecretOfPath(id): SecretOfPath,
) -> Result<NoContent, Error> {
    secrets::delete(&state, &app, &by, id).await?;
    Ok(NoContent)
}
