//! Imports of users and API keys: a chunk of JSON lines in, a report out.

use crate::domain::imports::users::UserImportOptions;
use crate::domain::imports::{self, MAX_BYTES, Report};
use crate::error::Error;
use crate::http::admin::AdministeredApp;
use crate::http::extract::{Parameters, RawBody};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use keystead_protocol::secret::SecretText;
use schemars::JsonSchema;
use serde::Deserialize;

/// The key of the HMAC with which imported keys were hashed, in base64.
const HMAC_KEY: HeaderName = HeaderName::from_static("x-keystead-hmac-key");

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    claim_mail: bool,
}

pub(in crate::http) async fn users(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    Parameters(query): Parameters<ImportQuery>,
    RawBody(body): RawBody<MAX_BYTES>,
) -> Result<Json<Report>, Error> {
    let options = UserImportOptions { dry_run: query.dry_run, claim_mail: query.claim_mail };
    imports::users::import(&state, &app, body, options, &by).await.map(Json)
}

pub(in crate::http) async fn api_keys(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    Parameters(query): Parameters<ImportQuery>,
    headers: HeaderMap,
    RawBody(body): RawBody<MAX_BYTES>,
) -> Result<Json<Report>, Error> {
    let hmac_key = headers.get(HMAC_KEY).map(|key| key.to_str().map_err(|_| Error::HmacKeyInvalid));
    let hmac_key = hmac_key.transpose()?.map(|key| SecretText::from(key.to_owned()));
    imports::api_keys::import(&state, &app, body, hmac_key, query.dry_run, &by).await.map(Json)
}
