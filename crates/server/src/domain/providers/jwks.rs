//! Keys of others, fetched from a JWK set URI (RFC 7517) and kept for a while.

use crate::domain::providers::foreign_jwt::ForeignKey;
use crate::outbound::Outbound;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

/// A set is fetched again after so long, so that a key that was withdrawn is noticed.
const FRESH: Duration = Duration::from_mins(10);
/// A token with an unknown `kid` makes the set be fetched again, but not more often than this.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);

/// Fetched sets by their URL.
pub struct JwkSets {
    outbound: Outbound,
    sets: Mutex<HashMap<Url, Arc<Mutex<Option<FetchedSet>>>>>,
}

struct FetchedSet {
    keys: Vec<(Option<String>, Arc<ForeignKey>)>,
    fetched: Instant,
    tried: Instant,
}

#[derive(Deserialize)]
struct JwkSetDocument {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct RsaJwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: String,
    e: String,
}

impl JwkSets {
    /// Nothing fetched yet.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, sets: Mutex::default() }
    }

    /// The keys of a set that may have signed a token with this `kid`. Fetches the set if it is old
    /// or does not have that key; callers that want the same set at once share one fetch.
    /// A set that cannot be fetched has no keys.
    pub async fn find(&self, url: &Url, key_id: Option<&str>) -> Vec<Arc<ForeignKey>> {
        let slot = Arc::clone(self.sets.lock().await.entry(url.clone()).or_default());
        let mut slot = slot.lock().await;
        let wanted = |set: &FetchedSet| -> Vec<_> {
            let fits = |id: &Option<String>| key_id.is_none() || id.as_deref() == key_id;
            set.keys.iter().filter(|(id, _)| fits(id)).map(|(_, key)| Arc::clone(key)).collect()
        };
        if let Some(set) = slot.as_ref() {
            let pause = if wanted(set).is_empty() { UNKNOWN_KEY_PAUSE } else { FRESH };
            if set.tried.elapsed() < pause {
                return wanted(set);
            }
        }
        let now = Instant::now();
        // Noted before it is made: who hangs up has caused an attempt all the same.
        match slot.as_mut() {
            Some(set) => set.tried = now,
            None => *slot = Some(FetchedSet { keys: Vec::new(), fetched: now, tried: now }),
        }
        match self.fetch(url).await {
            Ok(keys) => *slot = Some(FetchedSet { keys, fetched: now, tried: now }),
            Err(error) => {
                tracing::warn!(%url, error, "a JWK set could not be fetched");
                // Better yesterday's keys for a while than nobody logged in. With none at all, the
                // attempt is remembered, so that not every login makes another.
                let old = slot.take().filter(|set| set.fetched.elapsed() < FRESH * 6);
                let keys = old.as_ref().map(|set| set.keys.clone()).unwrap_or_default();
                let fetched = old.map_or(now, |set| set.fetched);
                *slot = Some(FetchedSet { keys, fetched, tried: now });
            }
        }
        slot.as_ref().map(wanted).unwrap_or_default()
    }

    async fn fetch(&self, url: &Url) -> Result<Vec<(Option<String>, Arc<ForeignKey>)>, String> {
        let body = self.outbound.get(url).await?;
        let set: JwkSetDocument =
            serde_json::from_slice(&body).map_err(|error| format!("not a JWK set: {error}"))?;
        // Keys of other types are for others (RFC 7517 §5).
        Ok(set.keys.into_iter().filter_map(rsa_key).collect())
    }
}

fn rsa_key(jwk: serde_json::Value) -> Option<(Option<String>, Arc<ForeignKey>)> {
    let jwk: RsaJwk = serde_json::from_value(jwk).ok()?;
    if jwk.kty != "RSA" || jwk.usage.is_some_and(|usage| usage != "sig") {
        return None;
    }
    let n = BASE64URL.decode(jwk.n).ok()?;
    let e = BASE64URL.decode(jwk.e).ok()?;
    Some((jwk.kid, Arc::new(ForeignKey::Rs256Components { n, e })))
}
