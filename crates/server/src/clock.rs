//! Time, in whole seconds as the protocol counts it. The clock is part of the server's state, so that
//! tests can move it; nothing else asks the operating system for the date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many seconds after 1970.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// This moment and `duration` more, to the second.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`, to the second.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }
}

/// Tells the time: the machine's, shifted by what a test asked for.
#[derive(Debug)]
pub struct Clock {
    shift_seconds: AtomicI64,
    /// When it was made: by itself, and by a clock that nobody sets.
    started: (Timestamp, Instant),
}

impl Default for Clock {
    fn default() -> Self {
        Self { shift_seconds: AtomicI64::new(0), started: (machine_time(), Instant::now()) }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else must ask")]
fn machine_time() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since_1970.map_or(0, |duration| duration.as_secs());
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        Timestamp(machine_time().0.saturating_add(self.shift_seconds.load(Ordering::Relaxed)))
    }

    /// By how much the machine's clock was set since this one was made.
    pub fn drift_seconds(&self) -> i64 {
        let (then, began) = self.started;
        let passed = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        machine_time().0.saturating_sub(then.0).saturating_sub(passed)
    }

    /// Moves this clock forward, for tests of what expires.
    pub fn advance(&self, duration: Duration) {
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        self.shift_seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}
