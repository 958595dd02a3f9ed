//! What every request asks for, kept in memory: whose key a digest is, and what a session stands on.
//!
//! Every entry belongs to a user and carries the version that user had when the entry was read. The
//! writer raises the version of every user it touched, after the commit and before the answer, so an
//! entry that a commit made stale is never served again: there is no time to live, and nothing to
//! forget. A reader takes the version *before* it reads; what it read can only be newer.

use crate::store::StoreResult;
use crate::store::api_keys::ApiKeyLogin;
use crate::store::sessions::SessionState;
use keystead_protocol::id::{ApiKeyId, SessionId, UserId};
use quick_cache::sync::Cache as Shared;
use std::sync::atomic::{AtomicU64, Ordering};

/// Users share versions by the hash of their id: a change to one makes 1 in so many others be read
/// again, and costs 8 bytes each.
const VERSIONS: usize = 1 << 16;
/// About 150 bytes an entry.
const KEY_LOGINS: usize = 131_072;
const SESSIONS: usize = 65_536;

pub(super) struct Cache {
    versions: Box<[AtomicU64]>,
    key_logins: Shared<[u8; 32], Versioned<ApiKeyLogin>>,
    sessions: Shared<(UserId, SessionId, Option<ApiKeyId>), Versioned<SessionState>>,
}

#[derive(Clone, Copy)]
struct Versioned<T> {
    value: T,
    version: u64,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            versions: (0..VERSIONS).map(|_| AtomicU64::new(0)).collect(),
            key_logins: Shared::new(KEY_LOGINS),
            sessions: Shared::new(SESSIONS),
        }
    }

    /// Makes everything that is known of a user be read again.
    pub(super) fn invalidate(&self, user_id: UserId) {
        self.version(user_id).fetch_add(1, Ordering::SeqCst);
    }

    /// Whose key has this digest; `read` is asked when the cache does not know, and `commits` counts
    /// the commits so far. That nobody has the key is not remembered: it may be made at any time.
    pub(super) fn key_login(
        &self,
        digest: &[u8; 32],
        commits: impl Fn() -> u64,
        read: impl Fn() -> StoreResult<Option<ApiKeyLogin>>,
    ) -> StoreResult<Option<ApiKeyLogin>> {
        if let Some(entry) = self.key_logins.get(digest)
            && self.is_current(entry.value.user_id, entry.version)
        {
            return Ok(Some(entry.value));
        }
        // Whose version to take before reading is known only after reading. It may be taken
        // afterwards if nothing was committed in between; otherwise the next login tries again.
        let before = commits();
        let Some(value) = read()? else { return Ok(None) };
        let version = self.version(value.user_id).load(Ordering::SeqCst);
        if commits() == before {
            self.key_logins.insert(*digest, Versioned { value, version });
        }
        Ok(Some(value))
    }

    /// The state behind a session; `read` is asked when the cache does not know.
    pub(super) fn session(
        &self,
        key: (UserId, SessionId, Option<ApiKeyId>),
        read: impl Fn() -> StoreResult<Option<SessionState>>,
    ) -> StoreResult<Option<SessionState>> {
        if let Some(entry) = self.sessions.get(&key)
            && self.is_current(key.0, entry.version)
        {
            return Ok(Some(entry.value));
        }
        let version = self.version(key.0).load(Ordering::SeqCst);
        let value = read()?;
        if let Some(value) = value {
            self.sessions.insert(key, Versioned { value, version });
        }
        Ok(value)
    }

    fn is_current(&self, user_id: UserId, version: u64) -> bool {
        self.version(user_id).load(Ordering::SeqCst) == version
    }

    fn version(&self, user_id: UserId) -> &AtomicU64 {
        // The last bytes of an id are a counter and its middle is random per process: mixed, they
        // spread well without hashing.
        let b = user_id.object_id().as_bytes();
        let slot = u32::from_be_bytes([b[0] ^ b[4], b[1] ^ b[5], b[2] ^ b[10], b[3] ^ b[11]])
            ^ u32::from(b[9]).rotate_left(9);
        &self.versions[slot as usize & (VERSIONS - 1)]
    }
}
