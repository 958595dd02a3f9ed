//! Copies of the whole store, and how it fares.

use super::StoreResult;
use crate::clock::Timestamp;
use std::path::Path;

/// How the store fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// What the engine's own check found; `None` if it was stopped before it was through.
    pub damage: Option<Vec<String>>,
    /// The version of its schema.
    pub schema_version: u32,
    /// Bytes of the database.
    pub size: u64,
    /// Bytes of the log that is not yet folded back into it.
    pub log_size: u64,
    /// The latest moment that anything stored says it happened.
    pub latest: Option<Timestamp>,
}

/// Whole-store work. It takes as long as the store is large: call it where blocking is allowed, and it asks
/// `stop` now and then whether to give up. Reads and writes go on meanwhile.
pub trait BackupStore {
    /// Writes a consistent copy, as of one moment, into `file`, which is there and empty.
    ///
    /// # Errors
    /// No room, or `stop` said so.
    fn copy_into(&self, file: &Path, stop: Box<dyn Fn() -> bool + Send>) -> StoreResult<()>;

    /// How the store fares. What was not looked at when `stop` says so is left out.
    fn health(&self, stop: Box<dyn Fn() -> bool + Send>) -> StoreResult<StoreHealth>;
}
