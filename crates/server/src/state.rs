//! What every request shares: the store, the clock, the keys, the applications.

use crate::app_config::{App, Apps};
use crate::clock::Clock;
use crate::domain::app_logs::AppLogs;
use crate::domain::foreign_keys::ForeignKeys;
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
use arc_swap::{ArcSwap, Guard};
use keystead_functions::{Host, Pool};
use keystead_protocol::id::{AppId, RequestId};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
use url::Url;

/// The state as the handlers of one thread have it. Every request counts itself in and out several
/// times, and a count that all threads share goes from processor to processor with every request: so
/// each thread has a count of its own, around the one state.
pub(crate) type ThreadState = Arc<Arc<ServerState>>;

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
    /// Runs functions.
    pub functions: Pool,
    /// Does for functions what their own processes must not.
    pub function_host: Arc<dyn Host>,
    /// What imported API keys look like. Swapped, as the applications are.
    pub(crate) foreign_keys: ArcSwap<ForeignKeys>,
    /// Held while they are read anew.
    pub(crate) foreign_keys_turn: Mutex<()>,
    /// Held while a backup is made: one at a time, as each takes the room of the store.
    pub(crate) backup_turn: Arc<Mutex<()>>,
    /// Sends mails.
    pub mailer: Mailer,
    /// Wakes the job that sends mails.
    pub mail_waits: Notify,
    /// Wakes the job that reads the applications' folders again.
    pub reload_wanted: Notify,
    /// What is counted.
    pub metrics: Metrics,
    /// What applications' administrators are told of requests.
    pub app_logs: AppLogs,
    /// The keys of administrators' tokens.
    pub admin_keys: KeyRing,
    /// Held by whoever changes an application, from reading it until the change is served.
    pub(crate) app_changes: tokio::sync::Mutex<()>,
    /// Swapped and not locked: every request reads it, and processors that count the readers of a lock
    /// wait for one another.
    pub(crate) apps: ArcSwap<Apps>,
    /// The same.
    pub(crate) key_ring: ArcSwap<KeyRing>,
}

impl ServerState {
    /// The applications as they are now. All of them change at once, so whoever asks for more than
    /// one thing asks this once.
    pub fn apps(&self) -> Guard<Arc<Apps>> {
        self.apps.load()
    }

    /// Serves an application as `app` says from now on.
    pub(crate) fn replace_app(&self, app: App) {
        let app = Arc::new(app);
        self.apps.rcu(|apps| {
            let mut renewed = Apps::clone(apps);
            renewed.add(Arc::clone(&app));
            renewed
        });
    }

    /// Serves an application no more.
    pub(crate) fn remove_app(&self, app_id: AppId) {
        self.apps.rcu(|apps| {
            let mut renewed = Apps::clone(apps);
            renewed.remove(app_id);
            renewed
        });
    }

    /// The signing keys as they are now.
    pub fn key_ring(&self) -> Guard<Arc<KeyRing>> {
        self.key_ring.load()
    }

    /// Lets a new key sign from now on.
    pub fn add_signing_key(&self, key: SigningKey) {
        let key = Arc::new(key);
        self.key_ring.rcu(|ring| {
            let mut renewed = KeyRing::clone(ring);
            renewed.add(Arc::clone(&key));
            renewed
        });
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
    /// The id of the request, as logs and answers have it.
    pub request_id: RequestId,
}
