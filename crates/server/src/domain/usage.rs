//! Who was seen when, and who logged in from where, with which key. Collected in memory and written in
//! batches, because a write on each use is how servers like this one grind to a halt. What is not written yet
//! is lost in a crash; and when very many different keys are used between two batches, only the uses
//! of so many are kept as a batch may cost. That is the trade.

use crate::clock::Timestamp;
use crate::state::Client;
use crate::store::api_keys::ApiKeyUse;
use crate::store::networks::{Sighting, UserLogin};
use crate::store::{Store, StoreResult};
use ipnet::IpNet;
use keystead_protocol::id::{ApiKeyId, AppId, UserId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longer user agents are cut.
const MAX_AGENT_LENGTH: usize = 200;
const SHARDS: usize = 16;
/// So many keys, and so many users, are remembered in each shard until the next flush.
const SHARD_CAPACITY: usize = 1_024;
/// Of so many networks of a key or a user until the next flush.
const MAX_SIGHTINGS: usize = 8;
/// So many of each are written in one transaction, so that other writes need not wait long.
const BATCH: usize = 128;
/// What counts as one network: what is given to a small company or to a household.
const NETWORK_BITS_V4: u8 = 24;
const NETWORK_BITS_V6: u8 = 48;

/// Collects uses until they are flushed.
#[derive(Default)]
pub struct UsageTracker {
    keys: [Mutex<HashMap<ApiKeyId, KeyUse>>; SHARDS],
    users: [Mutex<HashMap<UserId, Timestamp>>; SHARDS],
    logins: [Mutex<HashMap<UserId, Sightings>>; SHARDS],
}

struct KeyUse {
    user_id: UserId,
    at: Timestamp,
    from: IpAddr,
    agent: Option<Box<str>>,
    sightings: Sightings,
}

/// The first login from each network. Most come from one, which needs no allocation.
struct Sightings {
    first: Sighting,
    others: Vec<Sighting>,
}

impl Sightings {
    fn of(first: Sighting) -> Self {
        Self { first, others: Vec::new() }
    }

    fn add(&mut self, sighting: Sighting) {
        let known = self.iter().any(|known| known.network == sighting.network);
        if !known && self.others.len() < MAX_SIGHTINGS - 1 {
            self.others.push(sighting);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Sighting> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl UsageTracker {
    /// A key of a user of this application logged in.
    pub fn key_used(
        &self,
        key_id: ApiKeyId,
        user_id: UserId,
        app_id: AppId,
        at: Timestamp,
        client: &Client<'_>,
    ) {
        let (from, sighting) = (client.address, sighting(app_id, at, client));
        let agent = client.user_agent.map(|agent| truncate(agent, MAX_AGENT_LENGTH));
        let mut keys = lock(&self.keys[shard(key_id.object_id().as_bytes()[11])]);
        let full = keys.len() >= SHARD_CAPACITY;
        match keys.get_mut(&key_id) {
            Some(known) => {
                known.at = at;
                known.from = from;
                if known.agent.as_deref() != agent {
                    known.agent = agent.map(Box::from);
                }
                known.sightings.add(sighting);
            }
            None if full => {}
            None => {
                let agent = agent.map(Box::from);
                keys.insert(key_id, KeyUse { user_id, at, from, agent, sightings: Sightings::of(sighting) });
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

    /// A user of this application logged in without a key.
    pub fn logged_in(&self, user_id: UserId, app_id: AppId, at: Timestamp, client: &Client<'_>) {
        let sighting = sighting(app_id, at, client);
        let mut logins = lock(&self.logins[shard(user_id.object_id().as_bytes()[11])]);
        let full = logins.len() >= SHARD_CAPACITY;
        match logins.get_mut(&user_id) {
            Some(known) => known.add(sighting),
            None if full => {}
            None => {
                logins.insert(user_id, Sightings::of(sighting));
            }
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
        for shard in 0..SHARDS {
            self.flush_keys(store, shard).await?;
            let users = std::mem::take(&mut *lock(&self.users[shard]));
            for batch in in_batches(users) {
                store.record_usage(Vec::new(), batch, Vec::new()).await?;
            }
            let logins = std::mem::take(&mut *lock(&self.logins[shard]));
            for batch in in_batches(logins) {
                let logins = batch.into_iter().map(|(user_id, sightings)| UserLogin {
                    user_id,
                    sightings: sightings.iter().copied().collect(),
                });
                store.record_usage(Vec::new(), Vec::new(), logins.collect()).await?;
            }
        }
        Ok(())
    }

    async fn flush_keys(&self, store: &dyn Store, shard: usize) -> StoreResult<()> {
        let mut keys: Vec<ApiKeyUse> = {
            // A key stays known until its use is written, so that nobody who asks in between
            // is told that it was never used.
            let keys = lock(&self.keys[shard]);
            keys.iter().map(|(key_id, used)| used.record(*key_id)).collect()
        };
        keys.sort_unstable_by_key(|used| (used.user_id, used.key_id));
        for batch in keys.chunks(BATCH) {
            store.record_usage(batch.to_vec(), Vec::new(), Vec::new()).await?;
            let mut keys = lock(&self.keys[shard]);
            for written in batch {
                let unchanged =
                    |used: &KeyUse| used.at == written.at && used.sightings.iter().eq(&written.sightings);
                if keys.get(&written.key_id).is_some_and(unchanged) {
                    keys.remove(&written.key_id);
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
            sightings: self.sightings.iter().copied().collect(),
        }
    }
}

fn sighting(app_id: AppId, at: Timestamp, client: &Client<'_>) -> Sighting {
    let (address, request_id) = (client.address, client.request_id);
    Sighting { app_id, network: network_of(address), address, at, request_id }
}

/// The network that an address belongs to, as it is remembered.
fn network_of(address: IpAddr) -> IpNet {
    let bits = if address.is_ipv4() { NETWORK_BITS_V4 } else { NETWORK_BITS_V6 };
    IpNet::new(address, bits).map_or(address.into(), |network| network.trunc())
}

fn in_batches<K: Ord, V>(map: HashMap<K, V>) -> Vec<Vec<(K, V)>> {
    let mut rest: Vec<_> = map.into_iter().collect();
    rest.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut batches = Vec::new();
    while !rest.is_empty() {
        batches.push(rest.drain(..rest.len().min(BATCH)).collect());
    }
    batches
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
