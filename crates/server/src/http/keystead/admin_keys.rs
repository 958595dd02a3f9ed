//! `/admin_keys`: the key pairs with which programs log in to the admin API.

use crate::domain::admin_keys::{self, CreatedAdminKey};
use crate::error::Error;
use crate::http::admin::ServerAdministrator;
use crate::http::extract::{JsonBody, path_parameters};
use crate::state::ThreadState;
use crate::store::admin_keys::AdminKeyRecord;
use crate::store::admins::AdminScope;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use keystead_protocol::id::AdminId;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(in crate::http) struct CreateBody {
    #[serde(default)]
    name: String,
    #[serde(default)]
    apps: Option<Vec<String>>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    _: ServerAdministrator,
) -> Result<Json<Vec<Value>>, Error> {
    let keys = admin_keys::list(&state).await?;
    Ok(Json(keys.iter().map(shown).collect()))
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
    JsonBody(body): JsonBody<CreateBody>,
) -> Result<Response, Error> {
    let CreatedAdminKey { key, private_key } = admin_keys::create(&state, body.name, body.apps, &by).await?;
    let mut shown = shown(&key);
    shown["private_key"] = private_key.expose().into();
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
    AdminKeyOfPath(id): AdminKeyOfPath,
) -> Result<StatusCode, Error> {
    admin_keys::delete(&state, id, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key pair that the path names.
pub(in crate::http) struct AdminKeyOfPath(AdminId);

impl FromRequestParts<ThreadState> for AdminKeyOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [id] = path_parameters(parts, ["admin_key_id"]).map_err(|_| Error::ApiKeyNotFound)?;
        id.parse().map(Self).map_err(|_| Error::ApiKeyNotFound)
    }
}

fn shown(key: &AdminKeyRecord) -> Value {
    let apps = match &key.scope {
        AdminScope::WholeServer => Value::Null,
        AdminScope::Apps(apps) => json!(**apps),
    };
    json!({
        "_id": key.admin_id,
        "name": key.name,
        "public_key": key.public_key,
        "apps": apps,
        "created_at": key.created_at,
        // A pair that is not wanted any more is deleted: there is nothing in between.
        "disabled": false,
    })
}
