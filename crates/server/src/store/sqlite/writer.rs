//! The one thread that writes. It takes whatever has queued up, commits it with one fsync, and only
//! then lets the callers know: an answer is never ahead of the disk.

use super::cache::Cache;
use super::readers::Readers;
use crate::store::audit::{ActorGuard, AuditChain, AuditEvent};
use crate::store::{StoreError, StoreResult};
use keystead_protocol::id::UserId;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// At most so many writes share a commit: enough to amortise the fsync, few enough to answer soon.
const MAX_BATCH: usize = 512;
/// When the log has so many pages (16 MiB), it is folded back into the database even while writes
/// keep coming.
const MAX_LOG_PAGES: u32 = 4096;
/// After so long without a write the log is folded back and emptied.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    queue: Mutex<Option<mpsc::SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What a write sees: the open transaction, and a list of the users it touches.
pub(super) struct Transaction<'c> {
    connection: &'c Connection,
    touched: &'c mut Vec<UserId>,
    pub(super) audit_chain: &'c AuditChain,
}

impl Transaction<'_> {
    /// Says that what is cached of this user changes with this write. Every write says so that
    /// changes an answer of `find_session_state` or `find_api_key_login` other than "no such thing".
    pub(super) fn touch(&mut self, user_id: UserId) {
        self.touched.push(user_id);
    }

    /// Appends to the audit trail what this write does.
    pub(super) fn record(&self, event: &AuditEvent) -> rusqlite::Result<()> {
        super::audit::append(self, event)
    }
}

impl std::ops::Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

trait Job: Send {
    /// Does the work inside the batch's transaction; `false` if it failed and must be undone.
    fn run(&mut self, transaction: Transaction<'_>) -> bool;

    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>);
}

struct Write<T, F> {
    work: Option<F>,
    result: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, mut transaction: Transaction<'_>) -> bool {
        self.result = self.work.take().map(|work| work(&mut transaction));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>) {
        let answer = match (committed, self.result) {
            (Err(error), _) => Err(StoreError::Engine(error.to_string())),
            (Ok(()), Some(result)) => result.map_err(StoreError::from),
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // A caller who went away does not need the answer; the write stands.
        let _ = self.reply.send(answer);
    }
}

impl Writer {
    pub(super) fn start(
        mut connection: Connection,
        readers: Arc<Readers>,
        cache: Arc<Cache>,
        audit_chain: AuditChain,
    ) -> StoreResult<Self> {
        let (queue, jobs) = mpsc::sync_channel(4 * MAX_BATCH);
        let log_pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&log_pages);
        connection.wal_hook(Some(move |_: &mut Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let thread = WriterThread { connection, log_pages, readers, cache, audit_chain };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || thread.run(&jobs))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work` in a transaction and returns when it is on disk.
    pub(super) async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Write { work: Some(work), result: None, reply });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match queue.ok_or(StoreError::Closed)?.try_send(job) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => {
                return Err(StoreError::Busy);
            }
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(StoreError::Closed),
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// The same, if whoever asks for it may still do so.
    pub(super) async fn write_as<T, F>(&self, guard: ActorGuard, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let guarded = move |transaction: &mut Transaction<'_>| {
            let stands = match guard {
                ActorGuard::None => true,
                ActorGuard::Session(guard) => super::sessions::stands(transaction, &guard)?,
                ActorGuard::Admin(guard) => super::admins::stands(transaction, &guard)?,
            };
            if stands { work(transaction).map(Some) } else { Ok(None) }
        };
        self.write(guarded).await?.ok_or(StoreError::ActorGone)
    }

    /// Whether there is anybody to write.
    pub(super) fn check(&self) -> StoreResult<()> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        match thread.as_ref() {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => Err(StoreError::Closed),
        }
    }

    /// Finishes what is queued and ends the thread.
    pub(super) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer thread had panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct WriterThread {
    connection: Connection,
    /// How long the log was after the last commit.
    log_pages: Arc<AtomicU32>,
    readers: Arc<Readers>,
    cache: Arc<Cache>,
    audit_chain: AuditChain,
}

impl WriterThread {
    fn run(self, jobs: &mpsc::Receiver<Box<dyn Job>>) {
        let mut log_may_be_emptied = true;
        loop {
            match jobs.recv_timeout(IDLE) {
                Ok(first) => {
                    let batch = std::iter::once(first).chain(jobs.try_iter()).take(MAX_BATCH).collect();
                    self.commit(batch);
                    log_may_be_emptied = true;
                    if self.log_pages.load(Ordering::Relaxed) > MAX_LOG_PAGES {
                        self.checkpoint("PASSIVE");
                    }
                }
                Err(RecvTimeoutError::Timeout) if log_may_be_emptied => {
                    log_may_be_emptied = !self.checkpoint("TRUNCATE");
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.checkpoint("TRUNCATE");
    }

    fn commit(&self, mut batch: Vec<Box<dyn Job>>) {
        let mut touched = Vec::new();
        let outcome = self.run_batch(&mut batch, &mut touched);
        if outcome.is_err() && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = batch.len(), "a commit failed; its callers were told");
        }
        // The order matters: readers first learn that their snapshots are old, then that their
        // cached answers are, and only then does anybody hear that the change is made.
        self.readers.note_commit();
        for user_id in touched {
            self.cache.invalidate(user_id);
        }
        for job in batch {
            job.answer(outcome.as_ref().copied());
        }
    }

    fn run_batch(&self, batch: &mut [Box<dyn Job>], touched: &mut Vec<UserId>) -> rusqlite::Result<()> {
        let execute = |sql| self.connection.prepare_cached(sql)?.execute([]).map(drop);
        execute("BEGIN IMMEDIATE")?;
        for job in batch {
            execute("SAVEPOINT job")?;
            let transaction =
                Transaction { connection: &self.connection, touched, audit_chain: &self.audit_chain };
            if !job.run(transaction) {
                execute("ROLLBACK TO job")?;
            }
            execute("RELEASE job")?;
        }
        execute("COMMIT")
    }

    /// Folds the log back into the database, and says whether that was done whole. Readers must let go
    /// of their snapshots first, or the log could not start again from its beginning. One that comes
    /// in between is not waited for, as writes would wait with it: there is a next time.
    fn checkpoint(&self, mode: &str) -> bool {
        self.readers.release_all();
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let busy = self.connection.query_row(&sql, [], |row| row.get::<_, bool>(0));
        self.readers.release_all();
        match busy {
            Ok(busy) => !busy,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be folded back; it will be tried again");
                false
            }
        }
    }
}
