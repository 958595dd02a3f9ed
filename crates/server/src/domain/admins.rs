//! Administrators: the account made at first start, and the sessions of accounts and key pairs, which
//! have keys of their own: no user's token is ever an administrator's.

use crate::clock::Timestamp;
use crate::domain::audit;
use crate::domain::passwords::Verification;
use crate::domain::pepper::{CryptoFailed, Pepper};
use crate::domain::throttle::Attempt;
use crate::domain::tokens::{Algorithm, KeyRing, SigningKey};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::admins::{AdminRecord, AdminScope, AdminStanding};
use crate::store::audit::{Action, AdminGuard};
use keystead_protocol::id::{AdminId, AppId, DeviceId, ObjectId, RequestId, SessionId};
use keystead_protocol::secret::SecretText;
use keystead_protocol::session::TokenType;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// The one group ("project" of App Services) that a server has.
pub const GROUP_ID: ObjectId = ObjectId::from_bytes(*b"keystead-grp");

/// Who the administrator is, if nobody says.
pub const DEFAULT_EMAIL: &str = "admin@localhost";
const ACCESS_LIFETIME: Duration = Duration::from_mins(30);
const REFRESH_LIFETIME: Duration = Duration::from_hours(24);
/// The name under which administrators' failures are counted; it is no application's id.
pub(super) const NO_APP: ObjectId = ObjectId::from_bytes([0; 12]);

/// An administrator at work: who, over what, and by which request.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// The account or key pair.
    pub admin_id: AdminId,
    /// What they administer.
    pub scope: AdminScope,
    /// Where the request comes from.
    pub address: IpAddr,
    /// The request.
    pub request_id: RequestId,
    /// Their session: what they do depends on that it still stands.
    pub guard: AdminGuard,
}

impl Administrator {
    /// Whether they may see what happens in this application; in all there are, if it is none.
    ///
    /// # Errors
    /// [`Error::ServerAdministratorNeeded`].
    pub fn check_sees(&self, app_id: Option<AppId>) -> Result<(), Error> {
        let sees = match (&self.scope, app_id) {
            (AdminScope::WholeServer, _) => true,
            (AdminScope::Apps(_), None) => false,
            (AdminScope::Apps(apps), Some(app_id)) => apps.contains(&app_id),
        };
        if sees { Ok(()) } else { Err(Error::ServerAdministratorNeeded) }
    }

    /// Who sends the request, for what does not matter who it is.
    pub fn client(&self) -> Client<'_> {
        Client { address: self.address, user_agent: None, request_id: self.request_id }
    }
}

/// An account that was made just now.
pub struct GeneratedAdmin {
    /// What to log in with.
    pub email: String,
    /// Shown this once.
    pub password: SecretText,
}

/// The keys of administrators' tokens, derived from the pepper.
///
/// # Errors
/// When the cryptography library refuses.
pub fn token_keys(pepper: &Pepper) -> Result<KeyRing, CryptoFailed> {
    let mut ring = KeyRing::default();
    for token_type in [TokenType::Access, TokenType::Refresh] {
        ring.add(SigningKey::new(
            format!("admin-{}", token_type.as_str()),
            AppId::from(NO_APP),
            token_type,
            Timestamp::from_unix_seconds(0),
            Algorithm::Hs256,
            pepper.admin_token_secret(),
        )?);
    }
    Ok(ring)
}

/// Sees to it that there is an administrator: the one of the settings, with the password of the
/// settings; or, at first start, one with a generated password, which is returned.
///
/// # Errors
/// The store's.
pub async fn ensure(state: &ServerState) -> Result<Option<GeneratedAdmin>, Error> {
    let settings = &state.settings.admin;
    let email = settings.email.clone().unwrap_or_else(|| DEFAULT_EMAIL.into());
    let existing = state.store.find_admin_by_email(&email).await?;
    if let Some(password) = &settings.password {
        let password = || SecretText::from(password.expose().to_owned());
        let stored = existing.map(|admin| admin.password_hash);
        if state.passwords.verify(password(), stored, Attempt::UNCOUNTED).await? == Verification::Wrong {
            put(state, email, password()).await?;
        }
        return Ok(None);
    }
    if existing.is_some() || (settings.email.is_none() && state.store.has_admin().await?) {
        return Ok(None);
    }
    let password = generate_password()?;
    put(state, email.clone(), SecretText::from(password.expose().to_owned())).await?;
    Ok(Some(GeneratedAdmin { email, password }))
}

async fn put(state: &ServerState, email: String, password: SecretText) -> Result<(), Error> {
    let created_at = state.clock.now();
    let admin = AdminRecord {
        admin_id: state.ids.next(created_at),
        email,
        password_hash: state.passwords.hash(password).await?,
        generation: 0,
        created_at,
    };
    let audit = audit::by_server(state, Action::AdminPasswordSet).about(&admin.admin_id);
    state.store.put_admin(admin, audit).await?;
    Ok(())
}

/// Sixteen characters of 32 that cannot be mistaken for one another: 80 bits.
fn generate_password() -> Result<SecretText, CryptoFailed> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| CryptoFailed)?;
    let password: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(password.into())
}

/// The answer to an administrator's login.
#[derive(Serialize, schemars::JsonSchema)]
pub struct AdminTokens {
    /// For the admin API.
    pub access_token: String,
    /// Buys new access tokens, for a day.
    pub refresh_token: String,
    /// Who logged in.
    pub user_id: AdminId,
    /// None.
    pub device_id: DeviceId,
}

#[derive(Serialize, Deserialize)]
struct AdminClaims {
    sub: AdminId,
    sid: SessionId,
    typ: TokenType,
    aud: AdminAudience,
    iat: i64,
    exp: i64,
    generation: u32,
}

#[derive(Serialize, Deserialize)]
enum AdminAudience {
    #[serde(rename = "keystead-admin")]
    KeysteadAdmin,
}

/// A valid session of an administrator, as a token proves it.
#[derive(Debug)]
pub struct AdminSession {
    /// Whose.
    pub admin_id: AdminId,
    /// What it stands on.
    pub standing: AdminStanding,
    session_id: SessionId,
    /// When the token that was presented ends.
    expires_at: Timestamp,
}

/// Logs the administrator's account in.
///
/// # Errors
/// [`Error::InvalidPassword`], or too many attempts failed.
pub async fn log_in(
    state: &ServerState,
    email: &str,
    password: SecretText,
    client: &Client<'_>,
) -> Result<AdminTokens, Error> {
    let attempt = state.throttles.attempt(client, AppId::from(NO_APP), email);
    attempt.check()?;
    let admin = state.store.find_admin_by_email(email).await?;
    let stored = admin.as_ref().map(|admin| admin.password_hash.clone());
    let verification = state.passwords.verify(password, stored, attempt).await?;
    let (Some(admin), Verification::Right { .. }) = (admin, verification) else {
        return Err(refused(state, client, Error::InvalidPassword).await);
    };
    open_session(state, admin.admin_id, AdminScope::WholeServer, admin.generation, client).await
}

/// Logs in with a key pair.
///
/// # Errors
/// [`Error::AdminKeyRefused`], or too many attempts failed.
pub async fn log_in_by_key(
    state: &ServerState,
    public_key: &str,
    private_key: &SecretText,
    client: &Client<'_>,
) -> Result<AdminTokens, Error> {
    let found = state.store.find_admin_key(public_key).await?;
    let key = found.filter(|key| state.pepper.is_admin_key(private_key.expose(), &key.digest));
    let Some(key) = key else {
        // A private key cannot be guessed, so that whoever has it is let in whatever others tried.
        let attempt = state.throttles.attempt(client, AppId::from(NO_APP), public_key);
        attempt.check()?;
        attempt.failed();
        return Err(refused(state, client, Error::AdminKeyRefused).await);
    };
    open_session(state, key.admin_id, key.scope, 0, client).await
}

/// Remembers that a login was refused, and says why.
async fn refused(state: &ServerState, client: &Client<'_>, error: Error) -> Error {
    let audit = audit::by_stranger(state, client, Action::AdminLoggedIn).refused();
    match state.store.record_audit_events(vec![audit]).await {
        Ok(()) => error,
        Err(failed) => failed.into(),
    }
}

async fn open_session(
    state: &ServerState,
    admin_id: AdminId,
    scope: AdminScope,
    generation: u32,
    client: &Client<'_>,
) -> Result<AdminTokens, Error> {
    let session_id = state.ids.next(state.clock.now());
    let sign = |typ, lifetime| sign(state, admin_id, session_id, generation, typ, lifetime);
    let tokens = AdminTokens {
        access_token: sign(TokenType::Access, ACCESS_LIFETIME)?,
        refresh_token: sign(TokenType::Refresh, REFRESH_LIFETIME)?,
        user_id: admin_id,
        device_id: DeviceId::NONE,
    };
    let guard = AdminGuard { admin_id, session_id, generation };
    let (address, request_id) = (client.address, client.request_id);
    let by = Administrator { admin_id, scope, address, request_id, guard };
    let audit = audit::by_admin(state, &by, None, Action::AdminLoggedIn).about(&session_id);
    state.store.record_audit_events(vec![audit]).await?;
    Ok(tokens)
}

/// A new access token for an administrator's session.
///
/// # Errors
/// As for [`authenticate`].
pub async fn refresh(state: &ServerState, refresh_token: &str) -> Result<String, Error> {
    let AdminSession { admin_id, session_id, standing, .. } =
        authenticate(state, refresh_token, TokenType::Refresh).await?;
    sign(state, admin_id, session_id, standing.generation, TokenType::Access, ACCESS_LIFETIME)
}

/// Ends an administrator's session. Its access tokens end with it.
///
/// # Errors
/// As for [`authenticate`].
pub async fn log_out(state: &ServerState, refresh_token: &str, client: &Client<'_>) -> Result<(), Error> {
    let session = authenticate(state, refresh_token, TokenType::Refresh).await?;
    let by = session.administrator(client);
    let audit = audit::by_admin(state, &by, None, Action::AdminLoggedOut).about(&session.session_id);
    // The record must outlast the last access token.
    let until = session.expires_at.plus(ACCESS_LIFETIME);
    state.store.revoke_admin_session(session.session_id, until, audit).await?;
    Ok(())
}

/// The session of the administrator behind a token.
///
/// # Errors
/// The token is not one of an administrator, has expired, or its session was ended: by logging out, by
/// another password, or because the key pair was deleted.
pub async fn authenticate(
    state: &ServerState,
    token: &str,
    wanted: TokenType,
) -> Result<AdminSession, Error> {
    let (claims, _) = state.admin_keys.verify::<AdminClaims>(token, wanted)?;
    if claims.exp <= state.clock.now().unix_seconds() {
        return Err(Error::TokenExpired(wanted));
    }
    let standing = state.store.find_admin_standing(claims.sub, claims.sid).await?;
    let standing = standing.filter(|standing| standing.generation == claims.generation && !standing.revoked);
    Ok(AdminSession {
        admin_id: claims.sub,
        session_id: claims.sid,
        standing: standing.ok_or(Error::SessionEnded)?,
        expires_at: Timestamp::from_unix_seconds(claims.exp),
    })
}

impl AdminSession {
    /// Who does what this request asks for.
    pub fn administrator(&self, client: &Client<'_>) -> Administrator {
        Administrator {
            admin_id: self.admin_id,
            scope: self.standing.scope.clone(),
            address: client.address,
            request_id: client.request_id,
            guard: AdminGuard {
                admin_id: self.admin_id,
                session_id: self.session_id,
                generation: self.standing.generation,
            },
        }
    }
}

fn sign(
    state: &ServerState,
    admin_id: AdminId,
    session_id: SessionId,
    generation: u32,
    typ: TokenType,
    lifetime: Duration,
) -> Result<String, Error> {
    let now = state.clock.now();
    let claims = AdminClaims {
        sub: admin_id,
        sid: session_id,
        typ,
        aud: AdminAudience::KeysteadAdmin,
        iat: now.unix_seconds(),
        exp: now.plus(lifetime).unix_seconds(),
        generation,
    };
    let key = state.admin_keys.current(AppId::from(NO_APP), typ, Algorithm::Hs256);
    let key = key.ok_or_else(|| Error::Internal("there is no key for administrators".into()))?;
    let claims = serde_json::to_vec(&claims).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(key.sign(&claims))
}
