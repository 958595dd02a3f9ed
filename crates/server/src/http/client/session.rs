//! `/auth/session` (protocol §1.6): renew an access token, log out.

use crate::domain::sessions;
use crate::error::Error;
use crate::http::extract::{ClientInfo, RefreshSession, written_json};
use crate::state::ThreadState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keystead_protocol::session::RefreshResponse;

pub(in crate::http) async fn refresh(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
) -> Result<Response, Error> {
    let response = RefreshResponse { access_token: sessions::refresh(&state, &session)? };
    Ok((StatusCode::CREATED, written_json(response.to_json())).into_response())
}

pub(in crate::http) async fn end(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    client: ClientInfo,
) -> Result<StatusCode, Error> {
    sessions::end(&state, &session, &client.client()).await?;
    Ok(StatusCode::NO_CONTENT)
}
