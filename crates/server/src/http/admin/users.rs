//! Users of an application (protocol §7.4, §2.8).

use super::AdministeredApp;
use crate::domain::users::AdministeredUser;
use crate::domain::{administered_accounts, sessions, users};
use crate::error::Error;
use crate::http::describe::{Created, refusing};
use crate::http::extract::{JsonBody, Parameters, path_parameters};
use crate::state::ThreadState;
use crate::store::users::{UserOrder, UserQuery};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::email_password::{EmailOnly, Registration};
use keystead_protocol::id::{DeviceId, DomainId, SessionId, UserId};
use keystead_protocol::session::TokenType;
use keystead_protocol::user::{Identity, UserType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The user that the path names. What is no id is nobody's.
pub(in crate::http) struct UserOfPath(pub(in crate::http) UserId);

impl FromRequestParts<ThreadState> for UserOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [user_id] = path_parameters(parts, ["user_id"])?;
        user_id.parse().map(Self).map_err(|_| Error::UserNotFound)
    }
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListParameters {
    after: Option<UserId>,
    sort: Option<String>,
    #[serde(default)]
    desc: bool,
    status: Option<String>,
    provider_types: Option<String>,
    /// App Services does not have it; it finds the one whom people call by an address.
    email: Option<String>,
}

impl ListParameters {
    fn query(self) -> Result<UserQuery, Error> {
        let order = match self.sort.as_deref() {
            None | Some("_id") => UserOrder::Id,
            Some("creation_date") => UserOrder::CreatedAt,
            Some("last_authentication_date") => UserOrder::LastSeenAt,
            Some(_) => {
                return Err(Error::QueryUnknown("sort", "_id, creation_date or last_authentication_date"));
            }
        };
        let disabled = match self.status.as_deref() {
            None => None,
            Some("enabled") => Some(false),
            Some("disabled") => Some(true),
            Some(_) => return Err(Error::QueryUnknown("status", "enabled or disabled")),
        };
        let provider_types = self.provider_types.filter(|types| !types.is_empty());
        let parse = |types: String| types.split(',').map(str::parse).collect::<Result<_, _>>();
        let provider_types = provider_types.map(parse).transpose().map_err(|_| {
            Error::QueryUnknown(
                "provider_types",
                "provider types with commas between, like anon-user,api-key",
            )
        })?;
        let (descending, after, email) = (self.desc, self.after, self.email);
        Ok(UserQuery { order, descending, after, disabled, provider_types, email })
    }
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Json<Vec<ShownUser>>, Error> {
    let users = users::list(&state, &app, parameters.query()?).await?;
    Ok(Json(users.iter().map(shown).collect()))
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(body): JsonBody<Registration>,
) -> Result<Created<ShownUser>, Error> {
    let user = administered_accounts::create_user(&state, &app, body.email, body.password, &by).await?;
    Ok(Created(shown(&user)))
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<Json<ShownUser>, Error> {
    let user = users::describe(&state, &app, user_id).await?;
    Ok(Json(shown(&user)))
}

pub(in crate::http) async fn reset_email(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
    JsonBody(body): JsonBody<EmailOnly>,
) -> Result<NoContent, Error> {
    administered_accounts::reset_email(&state, &app, user_id, body.email, &by).await?;
    Ok(NoContent)
}

/// No devices: sessions are not stored, so nobody knows on which they are.
pub(in crate::http) async fn devices(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    UserOfPath(user_id): UserOfPath,
) -> Result<Json<[(); 0]>, Error> {
    users::get(&state, &app, user_id).await?;
    Ok(Json([]))
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

fn shown(AdministeredUser { record, identities }: &AdministeredUser) -> ShownUser {
    ShownUser {
        id: record.user_id,
        data: users::merged_data(identities),
        identities: identities.clone(),
        user_type: record.user_type,
        creation_date: record.created_at.unix_seconds(),
        last_authentication_date: record.last_seen_at.unix_seconds(),
        disabled: record.disabled,
    }
}

refusing! { UserOfPath => [404] }
