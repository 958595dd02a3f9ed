//! A consistent copy of the store, made while it is served. The pepper is not in it: with the copy alone
//! nobody logs in, and without the pepper neither does anybody here.

use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::Action;
use aws_lc_rs::digest::{Context, SHA256};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// A copy takes no longer than this: it keeps the store's log from being folded back.
pub const TIME_LIMIT: Duration = Duration::from_hours(1);
/// Left over by a server that was killed, it is removed at the next start.
pub const FILE: &str = "backup.tmp";
/// What the server itself needs while the copy is there.
const SPARE: u64 = 64 * 1024 * 1024;

/// A copy, which has no name any more: it is gone when this is dropped, whatever happens.
pub struct BackupCopy {
    /// The copy, at its start.
    pub file: File,
    /// Its length.
    pub length: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// Makes a copy.
///
/// # Errors
/// Another is being made, there is too little room, or the store failed.
pub async fn make(state: &Arc<ServerState>, by: &Administrator) -> Result<BackupCopy, Error> {
    let turn = Arc::clone(&state.backup_turn).try_lock_owned().map_err(|_| Error::BackupRunning)?;
    let abandoned = Abandoned::default();
    let flag = Arc::clone(&abandoned.0);
    let worker = Arc::clone(state);
    // The turn ends when the work does, also when nobody waits for it any more.
    let copy = tokio::task::spawn_blocking(move || copy(&worker, &flag, turn)).await;
    let copy = copy.map_err(|error| Error::Internal(error.to_string()))??;
    let audit = audit::by_admin(state, by, None, Action::BackupTaken);
    state.store.record_audit_events(vec![audit]).await?;
    Ok(copy)
}

/// Says that nobody waits any more, when it is dropped.
#[derive(Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn copy(
    state: &ServerState,
    abandoned: &Arc<AtomicBool>,
    _turn: OwnedMutexGuard<()>,
) -> Result<BackupCopy, Error> {
    let folder = &state.settings.data_dir;
    check_room(folder)?;
    let failed = |error: io::Error| Error::Internal(format!("the backup failed: {error}"));
    let path = folder.join(FILE);
    let named = Named::create(&path).map_err(failed)?;
    let began = Instant::now();
    let flag = Arc::clone(abandoned);
    let stop = move || flag.load(Ordering::Relaxed) || began.elapsed() > TIME_LIMIT;
    state.store.copy_into(named.0, Box::new(stop))?;
    let file = File::open(named.0).map_err(failed)?;
    drop(named);
    finish(file).map_err(failed)
}

/// A file that has its name only as long as this is there.
struct Named<'p>(&'p Path);

impl<'p> Named<'p> {
    fn create(path: &'p Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        crate::start::create_private_file(path)?;
        Ok(Self(path))
    }
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(self.0) {
            tracing::error!(%error, "the file of a backup could not be removed");
        }
    }
}

fn finish(mut file: File) -> io::Result<BackupCopy> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1024 * 1024];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(&buffer[..read]);
        length += read as u64;
    }
    file.rewind()?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    Ok(BackupCopy { file, length, sha256 })
}

/// A full disk would stop the server's own writes.
fn check_room(folder: &Path) -> Result<(), Error> {
    let size = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |metadata| metadata.len());
    let needed = size(crate::start::DATABASE) + size(&format!("{}-wal", crate::start::DATABASE)) + SPARE;
    match free_space(folder) {
        Some(free) if free < needed => Err(Error::NoSpaceForBackup { needed, free }),
        _ => Ok(()),
    }
}

/// Bytes that are free where the folder is, if the system tells.
#[cfg(unix)]
pub fn free_space(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Bytes that are free where the folder is, if the system tells.
#[cfg(not(unix))]
pub fn free_space(_: &Path) -> Option<u64> {
    None
}
