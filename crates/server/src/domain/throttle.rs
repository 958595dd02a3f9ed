//! Slows down guessing. Every address and every account has a budget of failures that refills
//! steadily; when it is used up, the next attempt is refused until some of it is back. Success costs
//! nothing.

use crate::domain::throttles::{Failure, Throttles};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many failures per so long, all of which may come at once; or no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRate(Option<(u32, Duration)>);

impl ThrottleRate {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// So many failures per minute.
    pub const fn per_minute(failures: u32) -> Self {
        Self(Some((failures, Duration::from_mins(1))))
    }

    /// So many failures per hour.
    pub const fn per_hour(failures: u32) -> Self {
        Self(Some((failures, Duration::from_hours(1))))
    }

    /// The same rate, `factor` times as generous.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self(self.0.map(|(failures, period)| (failures.saturating_mul(factor), period)))
    }
}

/// `20/min`, `5/s`, `100/h`, or `off`.
impl FromStr for ThrottleRate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const HELP: &str = "a rate looks like 20/min, 5/s or 100/h, or is off";
        if text == "off" {
            return Ok(Self::OFF);
        }
        let (count, unit) = text.split_once('/').ok_or(HELP)?;
        let period = match unit {
            "s" | "sec" => Duration::from_secs(1),
            "min" => Duration::from_mins(1),
            "h" | "hour" => Duration::from_hours(1),
            _ => return Err(HELP),
        };
        match count.parse() {
            Ok(count) if count > 0 => Ok(Self(Some((count, period)))),
            _ => Err(HELP),
        }
    }
}

/// Too many failures: try again after so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

/// The budgets of one kind of thing, by address or by account. Bounded: when it is full, those are
/// forgotten whose budget is whole again, and if that is nobody, a stranger's failures go uncounted.
pub struct Throttle<K> {
    rate: ThrottleRate,
    budgets: Mutex<HashMap<K, Budget>>,
}

struct Budget {
    /// When it will be whole again (the "theoretical arrival time" of the generic cell rate algorithm).
    whole_at: Instant,
    /// Whether it was said that it is used up, since it was whole last.
    told: bool,
}

const CAPACITY: usize = 100_000;

impl<K: Hash + Eq> Throttle<K> {
    /// Budgets of this rate.
    pub fn new(rate: ThrottleRate) -> Self {
        Self { rate, budgets: Mutex::default() }
    }

    /// Whether `key` may try.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, key: &K) -> Result<(), RetryAfter> {
        self.check_at(key, Instant::now())
    }

    /// Takes one failure from the budget of `key`. Whether that used it up, for the first time since it was
    /// whole: so somebody who never stops guessing is told of once.
    pub fn count(&self, key: K) -> bool {
        self.count_at(key, Instant::now())
    }

    fn check_at(&self, key: &K, now: Instant) -> Result<(), RetryAfter> {
        let Some((burst, period)) = self.rate.0 else { return Ok(()) };
        let budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(budget) = budgets.get(key) else { return Ok(()) };
        // One more failure must fit: the debt after it may be at most one period.
        let debt = budget.whole_at.saturating_duration_since(now) + period / burst;
        match debt.checked_sub(period) {
            Some(excess) if !excess.is_zero() => Err(RetryAfter(excess)),
            _ => Ok(()),
        }
    }

    fn count_at(&self, key: K, now: Instant) -> bool {
        let Some((burst, period)) = self.rate.0 else { return false };
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= CAPACITY {
            budgets.retain(|_, budget| budget.whole_at > now);
            if budgets.len() >= CAPACITY {
                return false;
            }
        }
        let share = period / burst;
        let budget = budgets.entry(key).or_insert(Budget { whole_at: now, told: false });
        budget.told &= budget.whole_at > now;
        // The debt never grows past what the burst allows, so nobody is locked out for long.
        budget.whole_at = (budget.whole_at.max(now) + share).min(now + period);
        let used_up = budget.whole_at.saturating_duration_since(now) + share > period;
        let news = used_up && !budget.told;
        budget.told |= used_up;
        news
    }
}

/// One attempt to log in to an account. It is checked and counted when it is its turn.
pub struct Attempt(Option<Counted>);

struct Counted {
    throttles: Arc<Throttles>,
    failure: Failure,
    account: u64,
    from: u64,
}

impl Attempt {
    /// One that is not counted, as for settings of the operator.
    pub const UNCOUNTED: Self = Self(None);

    /// What it will be if it fails, the account, and the account from this address.
    pub(super) fn of(throttles: Arc<Throttles>, failure: Failure, account: u64, from: u64) -> Self {
        Self(Some(Counted { throttles, failure, account, from }))
    }

    /// Whether it may be made.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self) -> Result<(), RetryAfter> {
        match &self.0 {
            Some(counted) => {
                counted.throttles.check_attempt(counted.failure.address, counted.account, counted.from)
            }
            None => Ok(()),
        }
    }

    /// It failed.
    pub fn failed(&self) {
        if let Some(counted) = &self.0 {
            counted.throttles.count_attempt(&counted.failure, counted.account);
        }
    }

    /// It succeeded: this address and this account know each other.
    pub fn succeeded(&self) {
        if let Some(counted) = &self.0 {
            counted.throttles.remember(counted.from);
        }
    }
}

/// What an address is counted as: IPv6 by its /64, which is one customer's.
pub fn counted_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            },
            IpAddr::V4,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_are_read_as_documented() {
        assert_eq!("20/min".parse(), Ok(ThrottleRate::per_minute(20)));
        assert_eq!("off".parse(), Ok(ThrottleRate::OFF));
        for bad in ["", "20", "0/min", "-1/s", "20/fortnight", "many/min"] {
            assert!(bad.parse::<ThrottleRate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn off_never_refuses() {
        let throttle = Throttle::new(ThrottleRate::OFF);
        for _ in 0..1000 {
            throttle.count("somebody");
        }
        assert_eq!(throttle.check(&"somebody"), Ok(()));
    }

    proptest! {
        #[test]
        fn the_burst_is_allowed_then_one_per_share(failures in 1_u32..200) {
            let throttle = Throttle::new(ThrottleRate::per_minute(failures));
            let start = Instant::now();
            for _ in 0..failures {
                prop_assert_eq!(throttle.check_at(&1, start), Ok(()));
                throttle.count_at(1, start);
            }
            let RetryAfter(wait) = throttle.check_at(&1, start).unwrap_err();
            prop_assert!(wait <= Duration::from_mins(1) / failures + Duration::from_millis(1));
            prop_assert_eq!(throttle.check_at(&2, start), Ok(()), "others are not concerned");
            prop_assert_eq!(throttle.check_at(&1, start + wait), Ok(()));
        }

        #[test]
        fn any_number_of_failures_is_forgiven_after_a_period(count in 1_usize..1000) {
            let throttle = Throttle::new(ThrottleRate::per_minute(20));
            let start = Instant::now();
            for _ in 0..count {
                throttle.count_at(1, start);
            }
            prop_assert_eq!(throttle.check_at(&1, start + Duration::from_mins(1)), Ok(()));
        }
    }

    #[test]
    fn that_a_budget_is_used_up_is_told_once_until_it_is_whole_again() {
        let throttle = Throttle::new(ThrottleRate::per_hour(3));
        let start = Instant::now();
        let count = |after: u64| throttle.count_at(1, start + Duration::from_mins(after));
        let told = [0, 0, 0, 0, 20, 40, 60, 80].map(count);
        assert_eq!(told, [false, false, true, false, false, false, false, false]);
        let told = [140, 140, 140, 140].map(count);
        assert_eq!(told, [false, false, true, false]);
    }

    #[test]
    fn a_network_of_ipv6_addresses_is_counted_as_one() {
        let of = |text: &str| counted_address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
