//! What every request shares: the store, the clock, the keys, the applications.

use crate::app_config::{App, Apps};
use crate::clock::Clock;
use crate::domain::ids::IdGenerator;
use crate::domain::passwords::Passwords;
use crate::domain::pepper::Pepper;
use crate::domain::providers::jwks::JwkSets;
use crate::domain::throttles::Throttles;
use crate::domain::tokens::{KeyRing, SigningKey};
use crate::domain::usage::UsageTracker;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::Store;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;
use url::Url;

/// See the module.
pub struct ServerState {
    /// The settings.
    pub settings: Settings,
    /// The URL at which clients reach the server, without a slash at its end.
    pub public_url: String,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<Clock>,
    /// New ids.
    pub ids: IdGenerator,
    /// Digests and seals.
    pub pepper: Pepper,
    /// Password hashing.
    pub passwords: Passwords,
    /// Who failed too often.
    pub throttles: Arc<Throttles>,
    /// Who was seen when.
    pub usage: UsageTracker,
    /// Fetched keys of others.
    pub jwk_sets: JwkSets,
    /// Sends mails.
    pub mailer: Mailer,
    /// Wakes the job that sends mails.
    pub mail_waits: Notify,
    /// Wakes the job that reads the applications' folders again.
    pub reload_wanted: Notify,
    /// What is counted.
    pub metrics: Metrics,
    /// The keys of administrators' tokens.
    pub admin_keys: KeyRing,
    pub(crate) apps: RwLock<Arc<Apps>>,
    pub(crate) key_ring: RwLock<Arc<KeyRing>>,
}

impl ServerState {
    /// The applications as they are now. All of them change at once, so whoever asks for more than
    /// one thing asks this once.
    pub fn apps(&self) -> Arc<Apps> {
        Arc::clone(&self.apps.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves an application as `app` says from now on.
    pub(crate) fn replace_app(&self, app: App) {
        let mut apps = self.apps.write().unwrap_or_else(PoisonError::into_inner);
        let mut renewed = Apps::clone(&apps);
        renewed.add(app);
        *apps = Arc::new(renewed);
    }

    /// The signing keys as they are now.
    pub fn key_ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.key_ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets a new key sign from now on.
    pub fn add_signing_key(&self, key: SigningKey) {
        let mut ring = self.key_ring.write().unwrap_or_else(PoisonError::into_inner);
        let mut renewed = KeyRing::clone(&ring);
        renewed.add(key);
        *ring = Arc::new(renewed);
    }
}

/// Whether only this machine reaches a URL: then mails may be written to the log.
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
        Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
        None => false,
    }
}

/// Who sends a request, as far as the network tells.
#[derive(Debug, Clone, Copy)]
pub struct Client<'r> {
    /// The address, behind trusted proxies.
    pub address: IpAddr,
    /// What the client calls itself.
    pub user_agent: Option<&'r str>,
}
