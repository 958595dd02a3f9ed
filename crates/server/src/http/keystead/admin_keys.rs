//! `/admin_keys`: the key pairs with which programs log in to the admin API.

use crate::clock::Timestamp;
use crate::domain::admin_keys::{self, CreatedAdminKey};
use crate::error::Error;
use crate::http::admin::ServerAdministrator;
use crate::http::describe::{WrittenJson, refusing};
use crate::http::extract::{JsonBody, path_parameters};
use crate::state::ThreadState;
use crate::store::admin_keys::AdminKeyRecord;
use crate::store::admins::AdminScope;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::AdminId;
use keystead_protocol::id::AppId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct CreateBody {
    #[serde(default)]
    name: String,
    #[serde(default)]
    apps: Option<Vec<String>>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    _: ServerAdministrator,
) -> Result<Json<Vec<ShownKey>>, Error> {
    let keys = admin_keys::list(&state).await?;
    Ok(Json(keys.iter().map(shown).collect()))
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
    JsonBody(body): JsonBody<CreateBody>,
) -> Result<WrittenJson<CreatedKey<'static>, 201>, Error> {
    let CreatedAdminKey { key, private_key } = admin_keys::create(&state, body.name, body.apps, &by).await?;
    WrittenJson::of(&CreatedKey { key: shown(&key), private_key: private_key.expose() })
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
    AdminKeyOfPath(id): AdminKeyOfPath,
) -> Result<NoContent, Error> {
    admin_keys::delete(&state, id, &by).await?;
    Ok(NoContent)
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

refusing! { AdminKeyOfPath => [404] }

/// A key pair as it is listed.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownKey {
    #[serde(rename = "_id")]
    id: AdminId,
    name: String,
    public_key: String,
    /// The applications that it administers; null for all.
    apps: Option<Vec<AppId>>,
    created_at: Timestamp,
    /// A pair that is not wanted any more is deleted: there is nothing in between.
    disabled: bool,
}

/// A key pair as it is made.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct CreatedKey<'a> {
    #[serde(flatten)]
    key: ShownKey,
    /// Shown this once.
    private_key: &'a str,
}

fn shown(key: &AdminKeyRecord) -> ShownKey {
    ShownKey {
        id: key.admin_id,
        name: key.name.clone(),
        public_key: key.public_key.clone(),
        apps: match &key.scope {
            AdminScope::WholeServer => None,
            AdminScope::Apps(apps) => Some(apps.iter().copied().collect()),
        },
        created_at: key.created_at,
        disabled: false,
    }
}
