//! `/.well-known/jwks.json`: the public keys with which anybody verifies an application's access
//! tokens offline.

use crate::domain::signing_keys;
use crate::http::extract::CurrentApp;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

pub(in crate::http) async fn get(State(state): State<ThreadState>, CurrentApp(app): CurrentApp) -> Response {
    let keys = signing_keys::jwk_set(&state, app.ids.app_id);
    ([(CACHE_CONTROL, "public, max-age=300")], Json(keys)).into_response()
}
