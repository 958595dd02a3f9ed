//! The life of signing keys: made at first start, kept sealed in the store, replaced when they grow
//! old. A replaced key still verifies what it signed, so rotation logs nobody out.

use crate::clock::Timestamp;
use crate::domain::pepper::{CryptoFailed, Pepper};
use crate::domain::tokens::{Algorithm, KeyRing, SigningKey};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::Store;
use crate::store::signing_keys::SigningKeyRecord;
use keystead_protocol::id::{AppId, ObjectId};
use keystead_protocol::session::TokenType;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

const SEALED_FOR: &str = "signing key";

/// So long after its replacement an access key stays in the JWK set: the life of the last token it
/// signed, and plenty for clocks that differ.
const PUBLISHED_AFTER_REPLACEMENT: Duration = Duration::from_hours(24);

/// Reads all keys of the store.
///
/// # Errors
/// A key does not open: the pepper is not the one that belongs to this store.
pub async fn load(store: &dyn Store, pepper: &Pepper) -> Result<KeyRing, Error> {
    let mut ring = KeyRing::default();
    for record in store.list_signing_keys().await? {
        let secret = pepper.open(SEALED_FOR, &record.sealed_key).map_err(|error| {
            Error::Internal(format!("{error}: the pepper is not the one this data folder was made with"))
        })?;
        let algorithm = record.algorithm.parse().map_err(|error: &str| Error::Internal(error.into()))?;
        let (app_id, at) = (record.app_id, record.created_at);
        ring.add(SigningKey::new(record.key_id, app_id, record.token_type, at, algorithm, &secret)?);
    }
    Ok(ring)
}

/// Whether a stored key was sealed under this pepper.
pub(crate) fn opens(pepper: &Pepper, record: &SigningKeyRecord) -> bool {
    pepper.open(SEALED_FOR, &record.sealed_key).is_ok()
}

/// What keys an application needs.
#[derive(Clone)]
pub struct KeyPolicy {
    /// For access tokens.
    pub access_algorithm: Algorithm,
    /// The secret shared with others, for HS256 access tokens that they verify.
    pub shared_secret: Option<Arc<Zeroizing<Vec<u8>>>>,
    /// After so long a key is replaced.
    pub rotate_after: Duration,
}

/// Makes the keys that `app_id` lacks, and new ones for those that are too old (or for all of them,
/// with `force`). Returns how many were made.
pub async fn renew(state: &ServerState, app_id: AppId, force: bool) -> Result<usize, Error> {
    let policy = &state.settings.key_policy;
    let now = state.clock.now();
    let mut made = 0;
    for (token_type, algorithm) in
        [(TokenType::Access, policy.access_algorithm), (TokenType::Refresh, Algorithm::Hs256)]
    {
        let shared = policy
            .shared_secret
            .as_ref()
            .filter(|_| (token_type, algorithm) == (TokenType::Access, Algorithm::Hs256));
        if let Some(secret) = shared {
            made += usize::from(use_shared_secret(state, app_id, secret, now)?);
            continue;
        }
        let fresh = |key: &Arc<SigningKey>| key.created_at.plus(policy.rotate_after) > now;
        let current = state.key_ring().current(app_id, token_type, algorithm).cloned();
        if force || !current.as_ref().is_some_and(fresh) {
            make(state, app_id, token_type, algorithm, now).await?;
            made += 1;
        }
    }
    Ok(made)
}

async fn make(
    state: &ServerState,
    app_id: AppId,
    token_type: TokenType,
    algorithm: Algorithm,
    created_at: Timestamp,
) -> Result<(), Error> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *secret).map_err(|_| CryptoFailed)?;
    let key_id = state.ids.next::<ObjectId>(created_at).to_string();
    let key = SigningKey::new(key_id.clone(), app_id, token_type, created_at, algorithm, &*secret)?;
    state
        .store
        .insert_signing_key(SigningKeyRecord {
            key_id,
            app_id,
            token_type,
            algorithm: algorithm.as_str().into(),
            sealed_key: state.pepper.seal(SEALED_FOR, &*secret)?,
            created_at,
        })
        .await?;
    state.add_signing_key(key);
    Ok(())
}

/// A shared secret is the operator's to keep: it is never stored.
fn use_shared_secret(
    state: &ServerState,
    app_id: AppId,
    secret: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    const KEY_ID: &str = "shared";
    let key_id = format!("{KEY_ID}-{app_id}");
    if state.key_ring().of_app(app_id).iter().any(|key| key.key_id == key_id) {
        return Ok(false);
    }
    let key = SigningKey::new(key_id, app_id, TokenType::Access, now, Algorithm::Hs256, secret)?;
    state.add_signing_key(key);
    Ok(true)
}

/// A JWK set (RFC 7517 §5).
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct JwkSet {
    /// The keys, newest last.
    pub keys: Vec<Jwk>,
}

/// A public Ed25519 key (RFC 8037 §2).
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[expect(missing_docs, reason = "the members are the RFC's")]
pub struct Jwk {
    pub kty: &'static str,
    pub crv: &'static str,
    pub alg: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
    pub kid: String,
    pub x: String,
}

/// The public keys with which the application's access tokens can be verified now.
pub fn jwk_set(state: &ServerState, app_id: AppId) -> JwkSet {
    let now = state.clock.now();
    let ring = state.key_ring();
    let public: Vec<_> =
        ring.of_app(app_id).iter().filter_map(|key| Some((key, key.public_key()?))).collect();
    let replaced_at = public.iter().skip(1).map(|(next, _)| Some(next.created_at)).chain([None]);
    let keys = public
        .iter()
        .zip(replaced_at)
        .filter(|(_, replaced)| replaced.is_none_or(|at| at.plus(PUBLISHED_AFTER_REPLACEMENT) > now))
        .map(|((key, x), _)| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: Algorithm::EdDsa.as_str(),
            usage: "sig",
            kid: key.key_id.clone(),
            x: x.clone(),
        })
        .collect();
    JwkSet { keys }
}
