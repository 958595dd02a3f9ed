//! The examination of the server.

use crate::domain::doctor;
use crate::http::admin::ServerAdministrator;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Examination {
    checks: Vec<doctor::Check>,
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    _: ServerAdministrator,
) -> Json<Examination> {
    Json(Examination { checks: doctor::examine(&state).await })
}
