//! Key pairs of administrators: create, list, delete. Each pair is an administrator of its own, of the
//! whole server or of some applications. How one logs in with a pair is in `admins.rs`.

use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::domain::pepper::CryptoFailed;
use crate::domain::secret_key::push_random_base62;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::admin_keys::AdminKeyRecord;
use crate::store::admins::AdminScope;
use crate::store::audit::Action;
use keystead_protocol::api_key::valid_name;
use keystead_protocol::id::{AdminId, AppId};
use keystead_protocol::secret::SecretText;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What private keys start with, so that a leaked one is recognised.
const PRIVATE_KEY_PREFIX: &str = "ks_admin_";
/// 256 bits.
const PRIVATE_KEY_DIGITS: usize = 43;
const PUBLIC_KEY_PREFIX: &str = "ks_admin_id_";
/// 95 bits: no two are the same.
const PUBLIC_KEY_DIGITS: usize = 16;

/// A pair that was just made. Its private key is in here and nowhere else.
#[must_use = "the private key is not kept: show it now or it is lost"]
pub struct CreatedAdminKey {
    /// The pair as it is stored.
    pub key: AdminKeyRecord,
    /// The private key.
    pub private_key: SecretText,
}

/// Makes a pair for all applications, or for those in `apps`.
///
/// # Errors
/// The name is not allowed, or there is no application of one of the ids.
pub async fn create(
    state: &ServerState,
    name: String,
    apps: Option<Vec<String>>,
    by: &Administrator,
) -> Result<CreatedAdminKey, Error> {
    if name.is_empty() {
        return Err(Error::ApiKeyNameMissing);
    }
    if !valid_name(&name) {
        return Err(Error::ApiKeyNameInvalid);
    }
    let scope = match apps {
        None => AdminScope::WholeServer,
        Some(ids) => {
            let apps = ids.into_iter().map(|id| existing_app(state, id)).collect::<Result<_, _>>()?;
            AdminScope::Apps(Arc::new(apps))
        }
    };
    let created_at = state.clock.now();
    let private_key = random(PRIVATE_KEY_PREFIX, PRIVATE_KEY_DIGITS)?;
    let key = AdminKeyRecord {
        admin_id: state.ids.next(created_at),
        name,
        public_key: random(PUBLIC_KEY_PREFIX, PUBLIC_KEY_DIGITS)?.to_string(),
        digest: state.pepper.digest_admin_key(&private_key),
        scope,
        created_at,
    };
    let audit = audit::by_admin(state, by, None, Action::AdminKeyCreated).about(&key.admin_id);
    state.store.insert_admin_key(key.clone(), audit).await?;
    Ok(CreatedAdminKey { key, private_key: private_key.to_string().into() })
}

/// All pairs, oldest first.
///
/// # Errors
/// The store's.
pub async fn list(state: &ServerState) -> Result<Vec<AdminKeyRecord>, Error> {
    Ok(state.store.list_admin_keys().await?)
}

/// Deletes a pair, and ends every session that was opened with it.
///
/// # Errors
/// [`Error::ApiKeyNotFound`].
pub async fn delete(state: &ServerState, admin_id: AdminId, by: &Administrator) -> Result<(), Error> {
    let audit = audit::by_admin(state, by, None, Action::AdminKeyDeleted).about(&admin_id);
    let deleted = state.store.delete_admin_key(admin_id, audit).await?;
    if deleted { Ok(()) } else { Err(Error::ApiKeyNotFound) }
}

/// A pair for an application that is mistyped would administer nothing, and nobody would know why.
fn existing_app(state: &ServerState, id: String) -> Result<AppId, Error> {
    let app = id.parse().ok().and_then(|app_id| state.apps().by_app_id(app_id));
    app.map(|app| app.ids.app_id).ok_or(Error::AdminKeyAppUnknown(id))
}

fn random(prefix: &str, digits: usize) -> Result<Zeroizing<String>, CryptoFailed> {
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + digits));
    text.push_str(prefix);
    push_random_base62(&mut text, digits)?;
    Ok(text)
}
