//! Putting a backup in place, where no server runs and no database is. The pepper is not in a backup, so
//! it is checked whether the one that is there belongs to it.

use super::data_dir::{DataDir, PEPPER, create_private_file};
use super::{StartError, data_dir};
use crate::domain::signing_keys;
use crate::store::sqlite::examine_copy;
use keystead_protocol::secret::SecretText;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

const UNFINISHED: &str = "restore.tmp";

/// What is in place now.
#[derive(Debug)]
pub struct Restored {
    /// The database.
    pub database: PathBuf,
    /// Where the pepper is to be put before the server is started; `None` if it is there.
    pub pepper_wanted_at: Option<PathBuf>,
}

/// Checks a backup and puts it into a data folder, which is made if there is none.
///
/// # Errors
/// The backup is damaged, of a newer Keystead, or belongs to another pepper; the folder has a database, or
/// a server runs on it.
pub fn restore(copy: &Path, folder: &Path, pepper: Option<&SecretText>) -> Result<Restored, StartError> {
    let failed = |problem: String| StartError::Restore { file: copy.display().to_string(), problem };
    // Before a folder is made for it.
    File::open(copy).map_err(|error| failed(error.to_string()))?;
    let data_dir = DataDir::open(folder)?;
    let database = data_dir.database();
    for suffix in ["", "-wal", "-journal"] {
        let mut present = database.clone().into_os_string();
        present.push(suffix);
        if Path::new(&present).exists() {
            return Err(failed(format!(
                "{} is there, and nothing is overwritten: move it away, or name another --data-dir",
                Path::new(&present).display()
            )));
        }
    }
    let unfinished =
        Unfinished::copy(copy, &folder.join(UNFINISHED)).map_err(|error| failed(error.to_string()))?;
    let sealed = examine_copy(&unfinished.0).map_err(failed)?;
    let pepper_file = folder.join(PEPPER);
    let pepper_wanted_at = if pepper.is_some() || pepper_file.exists() {
        let pepper = data_dir.pepper(pepper)?;
        if sealed.is_some_and(|key| !signing_keys::opens(&pepper, &key)) {
            let place = "the pepper that is set, or is in the data folder, is not the one that belongs to it";
            return Err(failed(place.to_owned()));
        }
        None
    } else {
        Some(pepper_file)
    };
    std::fs::rename(&unfinished.0, &database).map_err(|error| failed(error.to_string()))?;
    data_dir::sync_folder(folder).map_err(|error| failed(error.to_string()))?;
    Ok(Restored { database, pepper_wanted_at })
}

/// A copy that is removed unless it was moved in place.
struct Unfinished(PathBuf);

impl Unfinished {
    fn copy(from: &Path, to: &Path) -> io::Result<Self> {
        // Of a restore that was killed; the lock says that none runs.
        let _ = std::fs::remove_file(to);
        let mut target = create_private_file(to)?;
        let unfinished = Self(to.to_owned());
        io::copy(&mut File::open(from)?, &mut target)?;
        target.sync_all()?;
        Ok(unfinished)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
