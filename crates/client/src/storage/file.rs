//! Sessions in one JSON file that only its owner can read. Every change replaces the whole file, so
//! that a crash leaves either the old file or the new one.

use super::Storage;
use keystead_client_core::Change;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Keeps sessions in a file, so that a program that is started again is still logged in.
///
/// The file has mode 0600 from its creation (on Unix). It is replaced by renaming a synced temporary file
/// of the same folder, under a lock (`<name>.lock`), so several programs can share one. A file that cannot
/// be understood is never overwritten: opening it is an error, and so is a change if it breaks later.
///
/// Writing waits for the disk, a few milliseconds at each login and refresh.
///
/// ```
/// use keystead_client::FileStorage;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sessions.json");
/// let storage = FileStorage::open(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileStorage {
    path: PathBuf,
}

/// Why a file of sessions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileStorageError {
    /// The operating system does not allow it, or the folder does not exist.
    #[error("{path} cannot be used for sessions: {reason}")]
    Io {
        /// Which file.
        path: String,
        /// What the operating system said.
        #[source]
        reason: io::Error,
    },
    /// Its content is not what this storage writes.
    #[error(
        "{path} is damaged, or not a file of sessions ({reason}). It was left as it is: repair it, or \
         move it away and log in again"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong in it.
        #[source]
        reason: serde_json::Error,
    },
}

type Entries = BTreeMap<String, String>;

impl FileStorage {
    /// Opens the file at `path`. It need not exist yet, but its folder must.
    ///
    /// # Errors
    /// The folder is missing or not writable, or the file is damaged: then it is left untouched.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileStorageError> {
        let storage = Self { path: path.into() };
        let _lock = storage.lock()?;
        storage.read()?;
        storage.make_private().map_err(|reason| storage.io_error(reason))?;
        Ok(storage)
    }

    fn io_error(&self, reason: io::Error) -> FileStorageError {
        FileStorageError::Io { path: self.path.display().to_string(), reason }
    }

    /// Held while the file is replaced; let go when dropped.
    fn lock(&self) -> Result<File, FileStorageError> {
        let lock = || {
            let file = private().write(true).create(true).truncate(false).open(beside(&self.path, "lock"))?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|reason| self.io_error(reason))
    }

    fn read(&self) -> Result<Entries, FileStorageError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|reason| FileStorageError::Damaged {
                path: self.path.display().to_string(),
                reason,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Entries::new()),
            Err(error) => Err(self.io_error(error)),
        }
    }

    fn write(&self, entries: &Entries) -> io::Result<()> {
        let temporary = beside(&self.path, "new");
        // Left over from a crash; whatever mode it has is not ours.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().write(true).create_new(true).open(&temporary)?;
        file.write_all(serde_json::to_string_pretty(entries)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        sync_folder(&self.path)
    }

    fn change(&self, changes: &[Change]) -> Result<(), FileStorageError> {
        let _lock = self.lock()?;
        let mut entries = self.read()?;
        for Change { key, value } in changes {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        self.write(&entries).map_err(|reason| self.io_error(reason))
    }

    /// Takes away what others may do with a file that somebody else has made.
    fn make_private(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            match fs::metadata(&self.path) {
                Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                    fs::set_permissions(&self.path, fs::Permissions::from_mode(0o600))?;
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Storage for FileStorage {
    /// A file that broke after it was opened reads as empty here; [`Storage::save`] then refuses.
    fn load(&self, key: &str) -> Option<String> {
        self.read().ok()?.remove(key)
    }

    fn save(&self, changes: &[Change]) -> Result<(), String> {
        self.change(changes).map_err(|error| error.to_string())
    }
}

/// Options that make files nobody else can read.
#[cfg_attr(not(unix), allow(unused_mut))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// `sessions.json` → `sessions.json.lock`, in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Only then the new name survives a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
