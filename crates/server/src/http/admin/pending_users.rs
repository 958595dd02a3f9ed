//! Registrations that wait for their confirmation (protocol §7.5).

use super::AdministeredApp;
use crate::domain::administered_accounts as accounts;
use crate::error::Error;
use crate::http::describe::{AcceptedEmpty, WrittenJson, refusing};
use crate::http::extract::{Parameters, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::ObjectId;
use keystead_protocol::id::{DomainId, EmailTokenId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The email address that the path names.
pub(in crate::http) struct EmailOfPath(String);

impl FromRequestParts<ThreadState> for EmailOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [email] = path_parameters(parts, ["email"]).map_err(|_| Error::UserNotFound)?;
        Ok(Self(email.into_owned()))
    }
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListParameters {
    after: Option<ObjectId>,
}

refusing! { EmailOfPath => [404] }

/// A registration that is not confirmed.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct PendingUser {
    #[serde(rename = "_id")]
    id: ObjectId,
    domain_id: DomainId,
    login_ids: [LoginId; 1],
    user_id: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct LoginId {
    id_type: &'static str,
    id: String,
}

/// What the mail that was sent has in its link.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct MailedPair<'a> {
    token: &'a str,
    token_id: EmailTokenId,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Json<Vec<PendingUser>>, Error> {
    let pending = accounts::list_pending(&state, &app, parameters.after).await?;
    let shown = pending.into_iter().map(|account| {
        PendingUser {
            id: account.identity_id,
            domain_id: app.ids.domain_id,
            login_ids: [LoginId { id_type: "email", id: account.email }],
            // There is a user from the first login on.
            user_id: "",
        }
    });
    Ok(Json(shown.collect()))
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<NoContent, Error> {
    accounts::delete_pending(&state, &app, &email, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn confirm(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<NoContent, Error> {
    accounts::confirm(&state, &app, &email, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn send_confirmation(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<WrittenJson<MailedPair<'static>>, Error> {
    let sent = accounts::send_confirmation(&state, &app, &email, &by).await?;
    WrittenJson::of(&MailedPair { token: sent.token.as_str(), token_id: sent.token_id })
}

pub(in crate::http) async fn run_confirmation(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    EmailOfPath(email): EmailOfPath,
) -> Result<AcceptedEmpty, Error> {
    accounts::run_confirmation(&state, &app, &email, &by).await?;
    Ok(AcceptedEmpty)
}
