//! Users of an application (protocol §7.4, §2.8).

use super::AdministeredApp;
use crate::app_config::App;
use crate::domain::{sessions, users};
use crate::error::Error;
use crate::http::extract::{JsonBody, Parameters};
use crate::state::ServerState;
use crate::store::users::UserRecord;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keystead_protocol::id::UserId;
use keystead_protocol::session::TokenType;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Group, application and user.
type UserPath = Path<(String, String, String)>;

#[derive(Deserialize)]
pub(in crate::http) struct ListQuery {
    after: Option<UserId>,
}

pub(in crate::http) async fn list(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Vec<Value>>, Error> {
    let users = users::list(&state, &app, query.after).await?;
    Ok(Json(users.iter().map(|user| shown(&app, user)).collect()))
}

pub(in crate::http) async fn get(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Path((_, _, user_id)): UserPath,
) -> Result<Json<Value>, Error> {
    let user = users::get(&state, &app, parse(&user_id)?).await?;
    Ok(Json(shown(&app, &user)))
}

pub(in crate::http) async fn enable(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Path((_, _, user_id)): UserPath,
) -> Result<StatusCode, Error> {
    users::set_disabled(&state, &app, parse(&user_id)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn disable(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Path((_, _, user_id)): UserPath,
) -> Result<StatusCode, Error> {
    users::set_disabled(&state, &app, parse(&user_id)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn log_out(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Path((_, _, user_id)): UserPath,
) -> Result<StatusCode, Error> {
    users::revoke_sessions(&state, &app, parse(&user_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn delete(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    Path((_, _, user_id)): UserPath,
) -> Result<StatusCode, Error> {
    users::delete(&state, &app, parse(&user_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(in crate::http) struct TokenBody {
    token: String,
}

/// Whether a user's access token is genuine and in time. Unlike every other route this one does not
/// look at revocation: that is the protocol's answer (§2.7, §2.8), and what an offline verifier sees.
pub(in crate::http) async fn verify_token(
    State(state): State<Arc<ServerState>>,
    AdministeredApp(app): AdministeredApp,
    JsonBody(body): JsonBody<TokenBody>,
) -> Result<Json<Value>, Error> {
    let (claims, key_app) = sessions::verify(&state, &body.token, TokenType::Access)
        .map_err(|_| Error::TokenForged(TokenType::Refresh))?;
    if key_app != app.ids.app_id || claims.baas_domain_id != app.ids.domain_id {
        return Err(Error::SessionEnded);
    }
    if claims.exp <= state.clock.now().unix_seconds() {
        return Ok(Json(json!("token expired")));
    }
    Ok(Json(json!({
        "sub": claims.sub,
        "exp": claims.exp,
        "iat": claims.iat,
        "iss": claims.session_id(),
        "domain_id": claims.baas_domain_id,
        "device_id": claims.baas_device_id,
    })))
}

fn parse(user_id: &str) -> Result<UserId, Error> {
    user_id.parse().map_err(|_| Error::UserNotFound)
}

fn shown(app: &App, user: &UserRecord) -> Value {
    let identities = users::stored_identities(app, user);
    json!({
        "_id": user.user_id,
        "data": users::merged_data(&identities),
        "identities": identities,
        "type": user.user_type,
        "creation_date": user.created_at,
        "last_authentication_date": user.last_seen_at,
        "disabled": user.disabled,
    })
}
