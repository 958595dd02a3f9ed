//! The connections that read. Each keeps its read transaction open for as long as nothing has been
//! committed since, because opening one costs more than a look-up.

use crate::store::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) struct Readers {
    file: PathBuf,
    pool: Box<[Mutex<Reader>]>,
    /// Counts commits. The writer raises it after a commit and before anybody is told of it.
    commits: AtomicU64,
}

struct Reader {
    connection: Connection,
    /// The count of commits when the open read transaction began; `None` when none is open.
    snapshot: Option<u64>,
}

impl Readers {
    pub(super) fn open(file: &Path) -> StoreResult<Self> {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
        let pool = (0..count).map(|_| Reader::open(file).map(Mutex::new)).collect::<StoreResult<_>>()?;
        Ok(Self { file: file.to_owned(), pool, commits: AtomicU64::new(0) })
    }

    /// Runs `query` on a state of the store that has every commit that was answered before this call.
    pub(super) fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> StoreResult<T> {
        let mut reader = self.acquire();
        // The count must be read before the transaction begins: then the snapshot may be newer
        // than the count says, never older.
        let commits = self.commits();
        reader.renew(commits)?;
        query(&reader.connection).map_err(|error| {
            reader.release();
            StoreError::from(error)
        })
    }

    /// The same for a query that may take long: in a thread and on a connection of its own, so that neither
    /// other requests nor the writer wait for it.
    pub(super) async fn read_aside<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let readers = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || {
            let mut reader = Reader::open(&readers.file)?;
            reader.renew(readers.commits())?;
            Ok(query(&reader.connection)?)
        });
        result.await.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// How many commits there were so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// Tells the readers that their snapshots are of the past.
    pub(super) fn note_commit(&self) {
        self.commits.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends all open read transactions, so that the log can be folded back into the database.
    pub(super) fn release_all(&self) {
        for reader in &self.pool {
            lock(reader).release();
        }
    }

    fn acquire(&self) -> MutexGuard<'_, Reader> {
        let home = home_slot() % self.pool.len();
        for offset in 0..self.pool.len() {
            if let Ok(reader) = self.pool[(home + offset) % self.pool.len()].try_lock() {
                return reader;
            }
        }
        lock(&self.pool[home])
    }
}

impl Reader {
    fn open(file: &Path) -> StoreResult<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16000;
             PRAGMA busy_timeout = 5000;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        super::keep_plans(&connection)?;
        Ok(Self { connection, snapshot: None })
    }

    fn renew(&mut self, commits: u64) -> StoreResult<()> {
        if self.snapshot == Some(commits) {
            return Ok(());
        }
        self.release();
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        self.snapshot = Some(commits);
        Ok(())
    }

    fn release(&mut self) {
        if self.snapshot.take().is_some()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a read transaction could not be ended");
        }
    }
}

fn lock(reader: &Mutex<Reader>) -> MutexGuard<'_, Reader> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number of its own for every thread, so that threads seldom meet at the same reader.
fn home_slot() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    HOME.with(Cell::get)
}
