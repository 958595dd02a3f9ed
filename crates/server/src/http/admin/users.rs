//! Users of an application (protocol §7.4, §2.8).

use super::AdministeredApp;
use crate::app_config::App;
use crate::domain::{sessions, users};
use crate::error::Error;
use crate::http::describe::refusing;
use crate::http::extract::{JsonBody, Parameters, path_parameters};
use crate::state::ThreadState;
use crate::store::users::UserRecord;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::{DeviceId, DomainId, SessionId, UserId};
use keystead_protocol::session::TokenType;
use keystead_protocol::user::{Identity, UserType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The user that the path names. What is no id is nobody's.
pub(in crate::http) struct UserOfPath(UserId);

impl FromRequestParts<ThreadState> for UserOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [user_id] = path_parameters(parts, ["user_id"])?;
        user_id.parse().map(Self).map_err(|_| Error::UserNotFound)
    }
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    after: Option<UserId>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Vec<ShownUser>>, Error> {
    let users = users::list(&state, &app, query.after).await?;
    Ok(Json(users.iter().map(|user| shown(&app, user)).collect()))
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<Json<ShownUser>, Error> {
    let user = users::get(&state, &app, user_id).await?;
    Ok(Json(shown(&app, &user)))
}

pub(in crate::http) async fn enable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<NoContent, Error> {
    users::set_disabled(&state, &app, user_id, false, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn disable(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<NoContent, Error> {
    users::set_disabled(&state, &app, user_id, true, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn log_out(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<NoContent, Error> {
    users::revoke_sessions(&state, &app, user_id, &by).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<NoContent, Error> {
    users::delete(&state, &app, user_id, &by).await?;
    Ok(NoContent)
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct TokenBody {
    token: String,
}

/// Whether a user's access token is genuine and in time. Unlike every other route this one does not
/// look at revocation: that is the protocol's answer (§2.7, §2.8), and what an offline verifier sees.
pub(in crate::http) async fn verify_token(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    JsonBody(body): JsonBody<TokenBody>,
) -> Result<Json<Verified>, Error> {
    let (claims, key_app) = sessions::verify(&state, &body.token, TokenType::Access)
        .map_err(|_| Error::TokenForged(TokenType::Refresh))?;
    if key_app != app.ids.app_id || claims.baas_domain_id != app.ids.domain_id {
        return Err(Error::SessionEnded);
    }
    if claims.exp <= state.clock.now().unix_seconds() {
        return Ok(Json(Verified::Expired("token expired")));
    }
    Ok(Json(Verified::Genuine {
        sub: claims.sub,
        exp: claims.exp,
        iat: claims.iat,
        iss: claims.session_id(),
        domain_id: claims.baas_domain_id,
        device_id: claims.baas_device_id,
    }))
}

/// What is in a token, or that it is too late for it.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::http) enum Verified {
    Genuine {
        sub: UserId,
        exp: i64,
        iat: i64,
        iss: Option<SessionId>,
        domain_id: DomainId,
        device_id: DeviceId,
    },
    Expired(&'static str),
}

/// A user as the admin API shows them.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownUser {
    #[serde(rename = "_id")]
    id: UserId,
    data: Map<String, Value>,
    identities: Vec<Identity>,
    #[serde(rename = "type")]
    user_type: UserType,
    /// Unix seconds.
    creation_date: i64,
    /// Unix seconds.
    last_authentication_date: i64,
    disabled: bool,
}

fn shown(app: &App, user: &UserRecord) -> ShownUser {
    let identities = users::stored_identities(app, user);
    ShownUser {
        id: user.user_id,
        data: users::merged_data(&identities),
        identities,
        user_type: user.user_type,
        creation_date: user.created_at.unix_seconds(),
        last_authentication_date: user.last_seen_at.unix_seconds(),
        disabled: user.disabled,
    }
}

refusing! { UserOfPath => [404] }
