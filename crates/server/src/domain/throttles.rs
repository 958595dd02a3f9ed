//! The budgets of this server: who may fail how often, at what.

use crate::domain::throttle::{Attempt, RetryAfter, Throttle, ThrottleRate, counted_address};
use keystead_protocol::id::AppId;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// All budgets of failure. Accounts are counted by a hash of application and address: names that
/// strangers make up are not kept.
pub struct Throttles {
    addresses: Throttle<IpAddr>,
    accounts: Throttle<u64>,
    registrations: Throttle<IpAddr>,
    mails: Throttle<u64>,
    /// Which addresses logged in to which accounts. They are not locked out by what others guess.
    familiar: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

/// Registrations that succeed are no guesses, but an address that makes very many is up to no good.
const REGISTRATIONS_PER_FAILURE: u32 = 10;
/// More mails than anybody asks for, and few enough not to bury anybody.
const MAILS_PER_HOUR: u32 = 10;
const MAX_FAMILIAR: usize = 100_000;

impl Throttles {
    /// Budgets of this rate: of failures per address and per account, and ten times as much for
    /// registrations per address. Off turns everything off.
    pub fn new(rate: ThrottleRate) -> Self {
        let mails = if rate == ThrottleRate::OFF { rate } else { ThrottleRate::per_hour(MAILS_PER_HOUR) };
        Self {
            addresses: Throttle::new(rate),
            accounts: Throttle::new(rate),
            registrations: Throttle::new(rate.times(REGISTRATIONS_PER_FAILURE)),
            mails: Throttle::new(mails),
            familiar: Mutex::default(),
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

    /// An attempt to log in to an account, which need not exist, from an address.
    pub fn attempt(self: &Arc<Self>, address: IpAddr, app_id: AppId, email: &str) -> Attempt {
        let address = counted_address(address);
        let account = self.hasher.hash_one((app_id, email));
        let from = self.hasher.hash_one((account, address));
        Attempt::of(Arc::clone(self), address, account, from)
    }

    pub(super) fn check_attempt(&self, address: IpAddr, account: u64, from: u64) -> Result<(), RetryAfter> {
        self.addresses.check(&address)?;
        let familiar = self.familiar.lock().unwrap_or_else(PoisonError::into_inner).contains(&from);
        if familiar { Ok(()) } else { self.accounts.check(&account) }
    }

    pub(super) fn count_attempt(&self, address: IpAddr, account: u64) {
        self.addresses.count(address);
        self.accounts.count(account);
    }

    pub(super) fn remember(&self, from: u64) {
        let mut familiar = self.familiar.lock().unwrap_or_else(PoisonError::into_inner);
        if familiar.len() >= MAX_FAMILIAR {
            familiar.clear();
        }
        familiar.insert(from);
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
        let account = self.hasher.hash_one((app_id, email));
        self.mails.check(&account)?;
        self.mails.count(account);
        Ok(())
    }
}
