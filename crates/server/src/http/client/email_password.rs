//! `/auth/providers/local-userpass/…` (protocol §1.1 E1–E7).

use crate::domain::email_password;
use crate::error::Error;
use crate::http::describe::CreatedEmpty;
use crate::http::extract::{ClientInfo, CurrentApp, JsonBody};
use crate::state::ThreadState;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::email_password::{
    EmailOnly, MailedToken, PasswordReset, PasswordResetCall, Registration,
};

pub(in crate::http) async fn register(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<Registration>,
) -> Result<CreatedEmpty, Error> {
    email_password::register(&state, &app, body.email, body.password, &client.client()).await?;
    Ok(CreatedEmpty)
}

pub(in crate::http) async fn confirm(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<MailedToken>,
) -> Result<NoContent, Error> {
    email_password::confirm(&state, &app, &body, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn send_confirmation(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<NoContent, Error> {
    email_password::send_confirmation(&state, &app, &body.email, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn call_confirmation(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<NoContent, Error> {
    email_password::call_confirmation(&state, &app, &body.email, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn reset(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<PasswordReset>,
) -> Result<NoContent, Error> {
    email_password::reset(&state, &app, &body.mailed, body.password, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn send_reset(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<NoContent, Error> {
    email_password::send_reset(&state, &app, &body.email, &client.client()).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn call_reset(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    JsonBody(body): JsonBody<PasswordResetCall>,
) -> Result<NoContent, Error> {
    let PasswordResetCall { email, password, arguments } = body;
    email_password::call_reset(&state, &app, &email, password, arguments, &client.client()).await?;
    Ok(NoContent)
}
