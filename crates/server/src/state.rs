//! What every request shares: the store, the clock, the keys, the applications.

use crate::app_config::Apps;
use crate::clock::Clock;
use crate::domain::ids::IdGenerator;
use crate::domain::passwords::Passwords;
use crate::domain::pepper::Pepper;
use crate::domain::providers::jwks::JwkSets;
use crate::domain::throttle::{RetryAfter, Throttle, ThrottleRate, counted_address};
use crate::domain::tokens::{KeyRing, SigningKey};
use crate::domain::usage::UsageTracker;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::Store;
use keystead_protocol::id::AppId;
use std::hash::{BuildHasher as _, RandomState};
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
    /// The applications.
    pub apps: Apps,
    /// Digests and seals.
    pub pepper: Pepper,
    /// Password hashing.
    pub passwords: Passwords,
    /// Who failed too often.
    pub throttles: Throttles,
    /// Who was seen when.
    pub usage: UsageTracker,
    /// Fetched keys of others.
    pub jwk_sets: JwkSets,
    /// Sends mails.
    pub mailer: Mailer,
    /// Wakes the job that sends mails.
    pub mail_waits: Notify,
    /// What is counted.
    pub metrics: Metrics,
    /// The keys of administrators' tokens.
    pub admin_keys: KeyRing,
    pub(crate) key_ring: RwLock<Arc<KeyRing>>,
}

impl ServerState {
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

/// All budgets of failure.
pub struct Throttles {
    addresses: Throttle<IpAddr>,
    /// By the hash of application and address: names that strangers make up are not kept.
    accounts: Throttle<u64>,
    registrations: Throttle<IpAddr>,
    mails: Throttle<u64>,
    hasher: RandomState,
}

/// Registrations that succeed are no guesses, but an address that makes very many is up to no good.
const REGISTRATIONS_PER_FAILURE: u32 = 10;

impl Throttles {
    /// Budgets of this rate: of failures per address, of failures and of mails per account, and ten
    /// times as much for registrations per address.
    pub fn new(rate: ThrottleRate) -> Self {
        Self {
            addresses: Throttle::new(rate),
            accounts: Throttle::new(rate),
            registrations: Throttle::new(rate.times(REGISTRATIONS_PER_FAILURE)),
            mails: Throttle::new(rate),
            hasher: RandomState::new(),
        }
    }

    /// Whether this address may try.
    pub fn check_address(&self, address: IpAddr) -> Result<(), RetryAfter> {
        self.addresses.check(&counted_address(address))
    }

    /// This address failed.
    pub fn count_address(&self, address: IpAddr) {
        self.addresses.count(counted_address(address));
    }

    /// Whether this account, which need not exist, may be tried.
    pub fn check_account(&self, app_id: AppId, email: &str) -> Result<(), RetryAfter> {
        self.accounts.check(&self.account(app_id, email))
    }

    /// A login to this account failed.
    pub fn count_account(&self, app_id: AppId, email: &str) {
        self.accounts.count(self.account(app_id, email));
    }

    /// One more registration from this address.
    pub fn count_registration(&self, address: IpAddr) -> Result<(), RetryAfter> {
        let address = counted_address(address);
        self.registrations.check(&address)?;
        self.registrations.count(address);
        Ok(())
    }

    /// One more mail to this account.
    pub fn count_mail(&self, app_id: AppId, email: &str) -> Result<(), RetryAfter> {
        let account = self.account(app_id, email);
        self.mails.check(&account)?;
        self.mails.count(account);
        Ok(())
    }

    fn account(&self, app_id: AppId, email: &str) -> u64 {
        self.hasher.hash_one((app_id, email))
    }
}
