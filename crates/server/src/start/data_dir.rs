//! The data folder: one server's database and pepper, readable by their owner alone, and locked while
//! the server runs.

use super::StartError;
use crate::domain::backup;
use crate::domain::pepper::Pepper;
use keystead_protocol::secret::SecretText;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The database, in the data folder.
pub(crate) const DATABASE: &str = "keystead.sqlite3";
/// The pepper, in the data folder.
pub(crate) const PEPPER: &str = "pepper";
const LOCK: &str = "lock";

/// An open data folder. Dropping it unlocks it.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Opens `path`, making it if there is no such folder.
    ///
    /// # Errors
    /// It cannot be written, or another server runs on it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |problem: String| StartError::DataDir { path: path.display().to_string(), problem };
        create_private_folder(path).map_err(|error| failed(error.to_string()))?;
        let lock = private().write(true).create(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(|error| failed(error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => {
                // What a server left that was killed while it made a backup.
                let _ = std::fs::remove_file(path.join(backup::FILE));
                Ok(Self { path: path.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(failed("another Keystead runs on it".into())),
            Err(TryLockError::Error(error)) => Err(failed(error.to_string())),
        }
    }

    /// For messages.
    pub(crate) fn display(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The database file, made empty if there is none: SQLite gives the files beside it the same
    /// permissions.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn open_database(&self) -> Result<PathBuf, StartError> {
        let file = self.database();
        let opened = private().write(true).create(true).truncate(false).open(&file);
        let opened = opened.and_then(|opened| make_private(&opened));
        opened.map_err(|error| StartError::DataDir { path: self.display(), problem: error.to_string() })?;
        Ok(file)
    }

    /// The pepper: the one that was set, or the one in the folder, made at first start.
    ///
    /// # Errors
    /// It is malformed; or it is missing beside a database that was made with one.
    pub(crate) fn pepper(&self, set: Option<&SecretText>) -> Result<Pepper, StartError> {
        if let Some(text) = set {
            return parse(text.expose());
        }
        let file = self.path.join(PEPPER);
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let private = File::open(&file).and_then(|file| make_private(&file));
                private.map_err(|error| StartError::Pepper(error.to_string()))?;
                parse(Zeroizing::new(text).trim())
            }
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StartError::Pepper(error.to_string())),
            Err(_) if self.database().exists() => Err(StartError::Pepper(format!(
                "{} is missing, and without it no API key in the database works: restore it from a \
                 backup, or set KEYSTEAD_PEPPER",
                file.display()
            ))),
            Err(_) => self.make_pepper(),
        }
    }

    fn make_pepper(&self) -> Result<Pepper, StartError> {
        let failed = |error: &dyn std::fmt::Display| StartError::Pepper(error.to_string());
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret).map_err(|error| failed(&error))?;
        let mut text = Zeroizing::new(String::with_capacity(65));
        for byte in secret.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        // Whole and on disk, or not there at all: a torn pepper would be a lost one.
        let written = || -> std::io::Result<()> {
            let unfinished = self.path.join("pepper.new");
            let mut file = private().write(true).create(true).truncate(true).open(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&unfinished, self.path.join(PEPPER))?;
            sync_folder(&self.path)
        };
        written().map_err(|error| failed(&error))?;
        Ok(Pepper::new(&secret)?)
    }
}

/// Makes that a file has its name last.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// Where folders cannot be opened.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes a file that only its owner reads; there must be none of that name.
pub(crate) fn create_private_file(path: &Path) -> std::io::Result<File> {
    private().write(true).create_new(true).open(path)
}

fn parse(text: &str) -> Result<Pepper, StartError> {
    let malformed = || StartError::Pepper("it must be 64 hexadecimal digits".into());
    let mut secret = Zeroizing::new([0; 32]);
    if text.len() != 64 || !text.is_ascii() {
        return Err(malformed());
    }
    for (index, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| malformed())?;
    }
    Ok(Pepper::new(&secret)?)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Also for a file that an older version, or a restore, left readable for others.
#[cfg(unix)]
fn make_private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}
