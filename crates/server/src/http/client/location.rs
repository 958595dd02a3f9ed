//! `/location` (protocol §1.2): where the SDKs send everything else.

use crate::http::extract::CurrentApp;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Location {
    deployment_model: String,
    #[serde(rename = "location")]
    region: String,
    hostname: String,
    ws_hostname: String,
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
) -> Json<Location> {
    Json(Location {
        deployment_model: app.config.deployment_model.clone(),
        region: app.config.location.clone(),
        hostname: state.public_url.clone(),
        // http becomes ws, https becomes wss.
        ws_hostname: state.public_url.replacen("http", "ws", 1),
    })
}
