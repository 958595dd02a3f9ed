//! Registrations that wait for their confirmation (protocol §7.5).

use super::AdministeredApp;
use crate::domain::administered_accounts as accounts;
use crate::error::Error;
use crate::http::extract::{Parameters, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use keystead_protocol::id::ObjectId;
use serde::Deserialize;
use serde_json::{Value, json};

/// The email address that the path names.
pub(in crate::http) struct EmailOfPath(String);

impl FromRequestParts<ThreadState> for EmailOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [email] = path_parameters(parts, ["email"]).map_err(|_| Error::UserNotFound)?;
        Ok(Self(email.into_owned()))
    }
}

#[derive(Deserialize)]
pub(in crate::http) struct ListParameters {
    after: Option<ObjectId>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Json<Vec<Value>>, Error> {
    let pending = accounts::list_pending(&state, &app, parameters.after).await?;
    let shown = pending.into_iter().map(|account| {
        json!({
            "_id": account.identity_id,
            "domain_id": app.ids.domain_id,
            "login_ids": [{"id_type": "email", "id": account.email}],
            // There is a user from the first login on.
            "user_id": "",
        })
    });
    Ok(Json(shown.collect()))
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<StatusCode, Error> {
    accounts::delete_pending(&state, &app, &email, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn confirm(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<StatusCode, Error> {
    accounts::confirm(&state, &app, &email, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn send_confirmation(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<Json<Value>, Error> {
    let sent = accounts::send_confirmation(&state, &app, &email, &by).await?;
    Ok(Json(json!({"token": sent.token.as_str(), "token_id": sent.token_id})))
}

pub(in crate::http) async fn run_confirmation(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<StatusCode, Error> {
    accounts::run_confirmation(&state, &app, &email, &by).await?;
    Ok(StatusCode::ACCEPTED)
}
