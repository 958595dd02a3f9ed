//! The examination of the server.

use crate::domain::doctor;
use crate::http::admin::ServerAdministrator;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

pub(in crate::http) async fn get(State(state): State<ThreadState>, _: ServerAdministrator) -> Json<Value> {
    Json(json!({"checks": doctor::examine(&state).await}))
}
