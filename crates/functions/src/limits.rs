//! What one call may use. The numbers only; `pool` and `worker` hold calls to them.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest wall time that may be set, that of App Services.
pub const MAX_WALL: Duration = Duration::from_mins(5);

/// What one call may use, whatever other functions it executes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// From the call to its answer, with waiting for a worker and for HTTP.
    pub wall: Duration,
    /// Computing time.
    pub cpu: Duration,
    /// The JavaScript heap, in bytes.
    pub memory_bytes: usize,
    /// The JavaScript stack, in bytes.
    pub stack_bytes: usize,
    /// The result, in bytes of EJSON.
    pub output_bytes: usize,
    /// How deep functions may execute each other; the called function itself has depth 1.
    pub call_depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(10),
            cpu: Duration::from_secs(10),
            memory_bytes: 64 << 20,
            stack_bytes: 512 << 10,
            output_bytes: 4 << 20,
            call_depth: 16,
        }
    }
}
