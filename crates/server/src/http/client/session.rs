//! `/auth/session` (protocol §1.6): renew an access token, log out.

use crate::domain::sessions;
use crate::error::Error;
use crate::http::describe::WrittenJson;
use crate::http::extract::{ClientInfo, RefreshSession};
use crate::state::ThreadState;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::session::RefreshResponse;

pub(in crate::http) async fn refresh(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
) -> Result<WrittenJson<RefreshResponse, 201>, Error> {
    let response = RefreshResponse { access_token: sessions::refresh(&state, &session)? };
    Ok(WrittenJson::new(response.to_json()))
}

pub(in crate::http) async fn end(
    State(state): State<ThreadState>,
    RefreshSession(session): RefreshSession,
    client: ClientInfo,
) -> Result<NoContent, Error> {
    sessions::end(&state, &session, &client.client()).await?;
    Ok(NoContent)
}
