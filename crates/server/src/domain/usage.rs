//! Who was seen when, and which key was used from where. Collected in memory and written in batches,
//! because a write on each use is how servers like this one grind to a halt. What is not written yet
//! is lost in a crash; and when very many different keys are used between two batches, only the uses
//! of so many are kept as a batch may cost. That is the trade.

use crate::clock::Timestamp;
use crate::store::api_keys::ApiKeyUse;
use crate::store::{Store, StoreResult};
use keystead_protocol::id::{ApiKeyId, UserId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longer user agents are cut.
const MAX_AGENT_LENGTH: usize = 200;
const SHARDS: usize = 16;
/// So many keys, and so many users, are remembered in each shard until the next flush.
const SHARD_CAPACITY: usize = 1_024;

/// Collects uses until they are flushed.
#[derive(Default)]
pub struct UsageTracker {
    keys: [Mutex<HashMap<ApiKeyId, KeyUse>>; SHARDS],
    users: [Mutex<HashMap<UserId, Timestamp>>; SHARDS],
}

struct KeyUse {
    user_id: UserId,
    at: Timestamp,
    from: IpAddr,
    agent: Option<Box<str>>,
}

impl UsageTracker {
    /// A key logged in.
    pub fn key_used(
        &self,
        key_id: ApiKeyId,
        user_id: UserId,
        at: Timestamp,
        from: IpAddr,
        agent: Option<&str>,
    ) {
        let agent = agent.map(|agent| truncate(agent, MAX_AGENT_LENGTH));
        let mut keys = lock(&self.keys[shard(key_id.object_id().as_bytes()[11])]);
        let full = keys.len() >= SHARD_CAPACITY;
        match keys.get_mut(&key_id) {
            Some(known) => {
                known.at = at;
                known.from = from;
                if known.agent.as_deref() != agent {
                    known.agent = agent.map(Box::from);
                }
            }
            None if full => {}
            None => {
                keys.insert(key_id, KeyUse { user_id, at, from, agent: agent.map(Box::from) });
            }
        }
    }

    /// A user logged in or renewed a session.
    pub fn user_seen(&self, user_id: UserId, at: Timestamp) {
        let mut users = lock(&self.users[shard(user_id.object_id().as_bytes()[11])]);
        if users.len() < SHARD_CAPACITY || users.contains_key(&user_id) {
            users.insert(user_id, at);
        }
    }

    /// Whether a use of this key waits to be written.
    pub fn has_use_of(&self, key_id: ApiKeyId) -> bool {
        lock(&self.keys[shard(key_id.object_id().as_bytes()[11])]).contains_key(&key_id)
    }

    /// Writes what was collected, in batches. What a failed write held is lost, and only that.
    ///
    /// # Errors
    /// The store's.
    pub async fn flush(&self, store: &dyn Store) -> StoreResult<()> {
        for (keys, users) in self.keys.iter().zip(&self.users) {
            let mut keys: Vec<ApiKeyUse> = {
                // A key stays known until its use is written, so that nobody who asks in between
                // is told that it was never used.
                let keys = lock(keys);
                keys.iter().map(|(key_id, used)| used.record(*key_id)).collect()
            };
            let users: Vec<_> = std::mem::take(&mut *lock(users)).into_iter().collect();
            if keys.is_empty() && users.is_empty() {
                continue;
            }
            keys.sort_unstable_by_key(|used| (used.user_id, used.key_id));
            let written: Vec<_> = keys.iter().map(|used| (used.key_id, used.at)).collect();
            store.record_usage(keys, users).await?;
            for (key_id, at) in written {
                let mut keys = lock(&self.keys[shard(key_id.object_id().as_bytes()[11])]);
                if keys.get(&key_id).is_some_and(|used| used.at == at) {
                    keys.remove(&key_id);
                }
            }
        }
        Ok(())
    }
}

impl KeyUse {
    fn record(&self, key_id: ApiKeyId) -> ApiKeyUse {
        ApiKeyUse {
            user_id: self.user_id,
            key_id,
            at: self.at,
            from: self.from.to_string(),
            agent: self.agent.as_deref().map(str::to_owned),
        }
    }
}

fn shard(byte: u8) -> usize {
    usize::from(byte) % SHARDS
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn truncate(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}
