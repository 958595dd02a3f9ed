//! Where sessions are kept between two runs of a program: in memory, in a file, or wherever a program
//! likes. What the entries mean is the core's business.

#[cfg(feature = "file-storage")]
mod file;

#[cfg(feature = "file-storage")]
pub use file::{FileStorage, FileStorageError};

use keystead_client_core::Change;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Keeps texts under keys. The texts are secrets: refresh tokens, which open sessions.
///
/// Both methods are called from async code and must not block for long.
pub trait Storage: Send + Sync + 'static {
    /// What was saved under `key`, or nothing.
    fn load(&self, key: &str) -> Option<String>;

    /// Keeps all of the changes, or none of them.
    ///
    /// # Errors
    /// A sentence that says why they could not be kept; it becomes [`Error::Storage`](crate::Error::Storage).
    fn save(&self, changes: &[Change]) -> Result<(), String>;
}

/// Forgets everything when the program ends. The default.
#[derive(Default)]
pub struct MemoryStorage(Mutex<HashMap<String, String>>);

impl MemoryStorage {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Storage for MemoryStorage {
    fn load(&self, key: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn save(&self, changes: &[Change]) -> Result<(), String> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Change { key, value } in changes {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(())
    }
}
