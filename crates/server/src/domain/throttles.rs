//! The budgets of this server: who may fail how often, at what.

use crate::domain::throttle::{Attempt, RetryAfter, Throttle, ThrottleRate, counted_address};
use crate::state::Client;
use keystead_protocol::id::{AppId, RequestId};
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
    news: Mutex<News>,
    hasher: RandomState,
}

/// Registrations that succeed are no guesses, but an address that makes very many is up to no good.
const REGISTRATIONS_PER_FAILURE: u32 = 10;
/// More mails than anybody asks for, and few enough not to bury anybody.
const MAILS_PER_HOUR: u32 = 10;
const MAX_FAMILIAR: usize = 100_000;
/// Of more at a time only the count is told.
const MAX_NEWS: usize = 256;

/// A failure that is counted: where, and by which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In which application.
    pub app_id: AppId,
    /// As it is counted.
    pub address: IpAddr,
    /// The request.
    pub request_id: RequestId,
    /// What was said to be the account, if it is an account that has to wait and not an address.
    pub account: Option<String>,
}

/// Who has to wait since it was last asked.
#[derive(Debug, Default)]
pub struct News {
    /// The failures that used up a budget.
    pub failures: Vec<Failure>,
    /// How many more there were.
    pub more: usize,
}

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
            news: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Whether this address may try.
    pub fn check_address(&self, address: IpAddr) -> Result<(), RetryAfter> {
        self.addresses.check(&counted_address(address))
    }

    /// This client failed.
    pub fn count_address(&self, app_id: AppId, client: &Client<'_>) {
        self.count_failure(&Failure {
            app_id,
            address: counted_address(client.address),
            request_id: client.request_id,
            account: None,
        });
    }

    fn count_failure(&self, failure: &Failure) {
        if self.addresses.count(failure.address) {
            self.tell(Failure { account: None, ..failure.clone() });
        }
    }

    fn tell(&self, failure: Failure) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if news.failures.len() < MAX_NEWS {
            news.failures.push(failure);
        } else {
            news.more += 1;
        }
    }

    /// What there is to tell, once.
    pub fn take_news(&self) -> News {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An attempt to log in to an account, which need not exist, from an address.
    pub fn attempt(self: &Arc<Self>, client: &Client<'_>, app_id: AppId, email: &str) -> Attempt {
        let address = counted_address(client.address);
        let account = self.hasher.hash_one((app_id, email));
        let from = self.hasher.hash_one((account, address));
        let (request_id, email) = (client.request_id, Some(email.to_owned()));
        let failure = Failure { app_id, address, request_id, account: email };
        Attempt::of(Arc::clone(self), failure, account, from)
    }

    pub(super) fn check_attempt(&self, address: IpAddr, account: u64, from: u64) -> Result<(), RetryAfter> {
        self.addresses.check(&address)?;
        let familiar = self.familiar.lock().unwrap_or_else(PoisonError::into_inner).contains(&from);
        if familiar { Ok(()) } else { self.accounts.check(&account) }
    }

    pub(super) fn count_attempt(&self, failure: &Failure, account: u64) {
        self.count_failure(failure);
        if self.accounts.count(account) {
            self.tell(failure.clone());
        }
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
