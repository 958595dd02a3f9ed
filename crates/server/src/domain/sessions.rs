//! Sessions: opened by a login, renewed, ended. A session is its refresh token. Nothing is stored
//! when one is opened; each use is checked against what it stands on: that the user is there and
//! enabled, that neither the user's nor the credential's generation was raised, and that the session
//! itself was not logged out.

use crate::app_config::App;
use crate::clock::Timestamp;
use crate::domain::audit;
use crate::domain::request_notes;
use crate::domain::tokens::{Algorithm, KeyRing};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::audit::Action;
use crate::store::sessions::{SessionGuard, SessionState};
use keystead_protocol::id::{ApiKeyId, AppId, DeviceId, DomainId, ProviderId, SessionId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::session::{AccessClaims, LoginResponse, RefreshClaims, TokenIdentity, TokenType};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// How long an access token lasts (protocol §2.5).
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_mins(30);
/// Anonymous users cannot log in again, so their sessions last fifty years (protocol §2.5).
const ANONYMOUS_SESSION_LIFETIME: Duration = Duration::from_hours(50 * 365 * 24);

/// What a session stands on: how it was opened, and the generations of user and credential then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    /// The provider of the login.
    pub provider_type: ProviderType,
    /// The API key of the login, if it was one.
    pub api_key: Option<ApiKeyId>,
    /// The user's generation.
    pub user_generation: u32,
    /// The credential's generation.
    pub credential_generation: u32,
}

/// Who proved to be who, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The user.
    pub user_id: UserId,
    /// The identity that was proved.
    pub identity_id: String,
    /// What a session opened now stands on.
    pub grounds: Grounds,
}

/// A valid session, as a token proves it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The application.
    pub app: Arc<App>,
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The device of the login.
    pub device_id: DeviceId,
    /// What it stands on.
    pub grounds: Grounds,
    /// What the store said of it when the token was checked.
    pub standing: SessionState,
    /// When the token that was presented ends.
    pub expires_at: Timestamp,
}

impl Session {
    /// For writes that must not happen if the session ended since it was checked.
    pub fn guard(&self) -> SessionGuard {
        SessionGuard {
            user_id: self.user_id,
            session_id: self.session_id,
            api_key: self.grounds.api_key,
            seen: self.standing,
        }
    }
}

/// Opens a session and returns its tokens.
pub fn open(
    state: &ServerState,
    app: &App,
    who: &Authenticated,
    device_id: DeviceId,
) -> Result<LoginResponse, Error> {
    let now = state.clock.now();
    let holder = Holder {
        app,
        user_id: who.user_id,
        session_id: state.ids.next(now),
        device_id,
        grounds: who.grounds,
        now,
    };
    holder.tokens(state, who.grounds.provider_type, &who.identity_id)
}

/// New tokens of a session, with an identity that was just linked. The session keeps standing on what
/// it was opened with, and ends when it was going to end.
pub fn tokens(
    state: &ServerState,
    session: &Session,
    provider_type: ProviderType,
    identity_id: &str,
) -> Result<LoginResponse, Error> {
    Holder::of(session, state.clock.now()).tokens(state, provider_type, identity_id)
}

/// A new access token for a session.
pub fn refresh(state: &ServerState, session: &Session) -> Result<String, Error> {
    let now = state.clock.now();
    state.usage.user_seen(session.user_id, now);
    Holder::of(session, now).access_token(state, &state.key_ring())
}

/// Ends one session. Its access tokens end with it.
pub async fn end(state: &ServerState, session: &Session, client: &Client<'_>) -> Result<(), Error> {
    // The record must outlast every token of the session, the last access token included.
    let until = session.expires_at.max(end_of(state, &session.app, session.session_id, session.grounds));
    let until = until.plus(ACCESS_TOKEN_LIFETIME);
    let audit = audit::by_user(state, session, client, Action::SessionRevoked).about(&session.session_id);
    state.store.revoke_session(session.user_id, session.session_id, until, audit).await?;
    Ok(())
}

/// A session lasts from its login, which its id tells, for as long as is set now.
fn end_of(state: &ServerState, app: &App, session_id: SessionId, grounds: Grounds) -> Timestamp {
    let login = Timestamp::from_unix_seconds(session_id.object_id().seconds().into());
    login.plus(match grounds.provider_type {
        ProviderType::AnonUser => ANONYMOUS_SESSION_LIFETIME,
        _ => app.config.refresh_token_lifetime.unwrap_or(state.settings.refresh_token_lifetime),
    })
}

/// What goes into the tokens of a session.
struct Holder<'s> {
    app: &'s App,
    user_id: UserId,
    session_id: SessionId,
    device_id: DeviceId,
    grounds: Grounds,
    /// When the tokens are made.
    now: Timestamp,
}

impl<'s> Holder<'s> {
    fn of(session: &'s Session, now: Timestamp) -> Self {
        Self {
            app: &session.app,
            user_id: session.user_id,
            session_id: session.session_id,
            device_id: session.device_id,
            grounds: session.grounds,
            now,
        }
    }

    fn tokens(
        &self,
        state: &ServerState,
        provider_type: ProviderType,
        identity_id: &str,
    ) -> Result<LoginResponse, Error> {
        let identity = TokenIdentity {
            id: Cow::Borrowed(identity_id),
            provider_type,
            provider_id: self.app.provider_id(provider_type),
        };
        let claims = RefreshClaims {
            baas_data: (),
            baas_device_id: self.device_id,
            baas_domain_id: self.app.ids.domain_id,
            baas_id: self.session_id,
            baas_identity: identity.clone(),
            exp: end_of(state, self.app, self.session_id, self.grounds).unix_seconds(),
            iat: self.now.unix_seconds(),
            stitch_data: (),
            stitch_device_id: self.device_id,
            stitch_domain_id: self.app.ids.domain_id,
            stitch_id: self.session_id,
            stitch_identity: identity,
            sub: self.user_id,
            typ: TokenType::Refresh,
            ks_provider_type: self.grounds.provider_type,
            ks_api_key_id: self.grounds.api_key,
            ks_user_generation: self.grounds.user_generation,
            ks_credential_generation: self.grounds.credential_generation,
        };
        let ring = state.key_ring();
        Ok(LoginResponse {
            access_token: self.access_token(state, &ring)?,
            refresh_token: self.sign(&ring, TokenType::Refresh, Algorithm::Hs256, &claims.to_json())?,
            user_id: self.user_id,
            device_id: self.device_id,
        })
    }

    fn access_token(&self, state: &ServerState, ring: &KeyRing) -> Result<String, Error> {
        let claims = AccessClaims {
            baas_device_id: self.device_id,
            baas_domain_id: self.app.ids.domain_id,
            exp: self.now.plus(ACCESS_TOKEN_LIFETIME).unix_seconds(),
            iat: self.now.unix_seconds(),
            iss: self.session_id,
            stitch_device_id: self.device_id,
            stitch_domain_id: self.app.ids.domain_id,
            sub: self.user_id,
            typ: TokenType::Access,
            ks_provider_type: self.grounds.provider_type,
            ks_api_key_id: self.grounds.api_key,
            ks_user_generation: self.grounds.user_generation,
            ks_credential_generation: self.grounds.credential_generation,
        };
        self.sign(ring, TokenType::Access, state.settings.key_policy.access_algorithm, &claims.to_json())
    }

    fn sign(
        &self,
        ring: &KeyRing,
        token_type: TokenType,
        algorithm: Algorithm,
        claims: &[u8],
    ) -> Result<String, Error> {
        let key = ring
            .current(self.app.ids.app_id, token_type, algorithm)
            .ok_or_else(|| Error::Internal("the application has no signing key".into()))?;
        Ok(key.sign(claims))
    }
}

/// The claims that matter for checking, of either type of token.
#[derive(Debug, Deserialize)]
pub struct CheckedClaims {
    /// The user.
    pub sub: UserId,
    /// The session, in access tokens.
    iss: Option<SessionId>,
    /// The session, in refresh tokens.
    baas_id: Option<SessionId>,
    /// The application.
    pub baas_domain_id: DomainId,
    /// The device.
    pub baas_device_id: DeviceId,
    /// When it ends.
    pub exp: i64,
    /// When it began.
    pub iat: i64,
    ks_provider_type: ProviderType,
    ks_api_key_id: Option<ApiKeyId>,
    #[serde(default)]
    ks_user_generation: u32,
    #[serde(default)]
    ks_credential_generation: u32,
}

impl CheckedClaims {
    fn grounds(&self) -> Grounds {
        Grounds {
            provider_type: self.ks_provider_type,
            api_key: self.ks_api_key_id,
            user_generation: self.ks_user_generation,
            credential_generation: self.ks_credential_generation,
        }
    }

    /// The session.
    pub fn session_id(&self) -> Option<SessionId> {
        self.iss.or(self.baas_id)
    }
}

/// The session that a token of type `wanted` proves.
///
/// # Errors
/// The token is not valid, or what the session stands on is gone.
pub async fn authenticate(state: &ServerState, token: &str, wanted: TokenType) -> Result<Session, Error> {
    let (claims, key_app) = verify(state, token, wanted)?;
    let app = state.apps().by_domain(claims.baas_domain_id).ok_or(Error::TokenForged(wanted))?;
    if app.ids.app_id != key_app {
        return Err(Error::TokenForged(wanted));
    }
    let session_id = claims.session_id().ok_or(Error::TokenMalformed(wanted))?;
    let grounds = claims.grounds();
    let now = state.clock.now();
    // The life of sessions may have been shortened since the token was made.
    let end = end_of(state, &app, session_id, grounds);
    let end = if wanted == TokenType::Access { end.plus(ACCESS_TOKEN_LIFETIME) } else { end };
    if claims.exp <= now.unix_seconds() || end <= now {
        return Err(Error::TokenExpired(wanted));
    }
    let standing = state.store.find_session_state(claims.sub, session_id, claims.ks_api_key_id).await?;
    request_notes::app(app.ids.app_id);
    request_notes::user(claims.sub);
    let standing = check_standing(grounds, app.ids.app_id, standing, wanted)?;
    Ok(Session {
        app,
        user_id: claims.sub,
        session_id,
        device_id: claims.baas_device_id,
        grounds,
        standing,
        expires_at: Timestamp::from_unix_seconds(claims.exp),
    })
}

/// The claims of a token of ours, and whose key signed it. Nothing else is checked.
pub fn verify(state: &ServerState, token: &str, wanted: TokenType) -> Result<(CheckedClaims, AppId), Error> {
    let ring = state.key_ring();
    let (claims, key) = ring.verify::<CheckedClaims>(token, wanted)?;
    Ok((claims, key.app_id))
}

/// The revocation contract, in one place.
fn check_standing(
    grounds: Grounds,
    app_id: AppId,
    standing: Option<SessionState>,
    token_type: TokenType,
) -> Result<SessionState, Error> {
    let standing = standing.filter(|standing| standing.app_id == app_id).ok_or(Error::SessionEnded)?;
    if standing.user_disabled {
        // SDKs expect that a disabled user's refresh token is an invalid session (protocol §2.7).
        return Err(match token_type {
            TokenType::Access => Error::UserDisabled,
            TokenType::Refresh => Error::SessionEnded,
        });
    }
    let credential_generation = match (grounds.provider_type, grounds.api_key, standing.api_key) {
        (ProviderType::ApiKey, Some(_), Some(key)) if !key.disabled => key.generation,
        (ProviderType::ApiKey, ..) => return Err(Error::SessionEnded),
        (ProviderType::LocalUserpass, ..) => standing.password_generation,
        _ => 0,
    };
    let stands = !standing.revoked
        && grounds.user_generation == standing.user_generation
        && grounds.credential_generation == credential_generation;
    if stands { Ok(standing) } else { Err(Error::SessionEnded) }
}

impl App {
    /// The id of the provider of this type; every application has one for each type.
    pub fn provider_id(&self, provider_type: ProviderType) -> ProviderId {
        self.ids.provider_ids.get(&provider_type).copied().unwrap_or_else(|| {
            // find_or_insert_app stores an id for every type that this binary knows.
            ProviderId::from(*self.ids.app_id.object_id())
        })
    }
}
