//! Administrators: the account made at first start, and their sessions, which have keys of their own:
//! no user's token is ever an administrator's.

use crate::domain::audit;
use crate::domain::passwords::Verification;
use crate::domain::pepper::{CryptoFailed, Pepper};
use crate::domain::throttle::Attempt;
use crate::domain::tokens::{Algorithm, KeyRing, SigningKey};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::admins::AdminRecord;
use crate::store::audit::Action;
use keystead_protocol::id::{AdminId, AppId, DeviceId, ObjectId, RequestId};
use keystead_protocol::secret::SecretText;
use keystead_protocol::session::TokenType;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// The one group ("project" of App Services) that a server has.
pub const GROUP_ID: ObjectId = ObjectId::from_bytes(*b"keystead-grp");

const DEFAULT_EMAIL: &str = "admin@localhost";
const ACCESS_LIFETIME: Duration = Duration::from_mins(30);
const REFRESH_LIFETIME: Duration = Duration::from_hours(24);
/// The name under which administrators' failures are counted; it is no application's id.
pub(super) const NO_APP: ObjectId = ObjectId::from_bytes([0; 12]);

/// An administrator at work: who, and by which request.
#[derive(Debug, Clone, Copy)]
pub struct Administrator {
    /// The account.
    pub admin_id: AdminId,
    /// Where the request comes from.
    pub address: IpAddr,
    /// The request.
    pub request_id: RequestId,
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
            crate::clock::Timestamp::from_unix_seconds(0),
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

/// Logs an administrator in.
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
        return Err(Error::InvalidPassword);
    };
    let by =
        Administrator { admin_id: admin.admin_id, address: client.address, request_id: client.request_id };
    let audit = audit::by_admin(state, &by, None, Action::AdminLoggedIn);
    state.store.record_audit_events(vec![audit]).await?;
    Ok(AdminTokens {
        access_token: sign(state, &admin, TokenType::Access, ACCESS_LIFETIME)?,
        refresh_token: sign(state, &admin, TokenType::Refresh, REFRESH_LIFETIME)?,
        user_id: admin.admin_id,
        device_id: DeviceId::NONE,
    })
}

/// A new access token for an administrator's session.
///
/// # Errors
/// As for [`authenticate`].
pub async fn refresh(state: &ServerState, refresh_token: &str) -> Result<String, Error> {
    let admin = authenticate(state, refresh_token, TokenType::Refresh).await?;
    sign(state, &admin, TokenType::Access, ACCESS_LIFETIME)
}

/// The administrator behind a token.
///
/// # Errors
/// The token is not one of an administrator, has expired, or the password was changed since.
pub async fn authenticate(state: &ServerState, token: &str, wanted: TokenType) -> Result<AdminRecord, Error> {
    let (claims, _) = state.admin_keys.verify::<AdminClaims>(token, wanted)?;
    if claims.exp <= state.clock.now().unix_seconds() {
        return Err(Error::TokenExpired(wanted));
    }
    let admin = state.store.find_admin(claims.sub).await?;
    admin.filter(|admin| admin.generation == claims.generation).ok_or(Error::AdminRefused)
}

fn sign(
    state: &ServerState,
    admin: &AdminRecord,
    typ: TokenType,
    lifetime: Duration,
) -> Result<String, Error> {
    let now = state.clock.now();
    let claims = AdminClaims {
        sub: admin.admin_id,
        typ,
        aud: AdminAudience::KeysteadAdmin,
        iat: now.unix_seconds(),
        exp: now.plus(lifetime).unix_seconds(),
        generation: admin.generation,
    };
    let key = state.admin_keys.current(AppId::from(NO_APP), typ, Algorithm::Hs256);
    let key = key.ok_or_else(|| Error::Internal("there is no key for administrators".into()))?;
    let claims = serde_json::to_vec(&claims).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(key.sign(&claims))
}
