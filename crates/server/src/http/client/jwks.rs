//! `/.well-known/jwks.json`: the public keys with which anybody verifies an application's access
//! tokens offline.

use crate::domain::signing_keys::{self, JwkSet};
use crate::http::describe::Published;
use crate::http::extract::CurrentApp;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
) -> Published<Json<JwkSet>> {
    Published(Json(signing_keys::jwk_set(&state, app.ids.app_id)))
}
