//! When a call has had its time. The engine asks here; ending the process is the pool's.

use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::time::{Duration, Instant};

pub(super) struct Watch {
    wall_end: Instant,
    cpu_end: Duration,
    expired: Cell<bool>,
}

impl Watch {
    pub(super) fn start(wall: Duration, cpu: Duration) -> Self {
        Self { wall_end: Instant::now() + wall, cpu_end: cpu_used() + cpu, expired: Cell::new(false) }
    }

    /// Looks at the clocks. Once it is so, it stays so.
    pub(super) fn look(&self) -> bool {
        if !self.expired.get() {
            self.expired.set(Instant::now() >= self.wall_end || cpu_used() >= self.cpu_end);
        }
        self.expired.get()
    }

    /// Whether the engine was interrupted: what it says then means nothing.
    pub(super) fn expired(&self) -> bool {
        self.expired.get()
    }
}

fn cpu_used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap_or_default())
}
