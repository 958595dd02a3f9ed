//! `/auth/profile` and `/auth/delete` (protocol §1.6).

use crate::domain::users;
use crate::error::Error;
use crate::http::extract::{AccessUser, ClientInfo};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::user::Profile;

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AccessUser(session): AccessUser,
) -> Result<Json<Profile>, Error> {
    users::profile(&state, &session).await.map(Json)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AccessUser(session): AccessUser,
    client: ClientInfo,
) -> Result<NoContent, Error> {
    users::delete_own(&state, &session, &client.client()).await?;
    Ok(NoContent)
}
