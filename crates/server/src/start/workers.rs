//! The threads that serve connections: one for each processor, with a runtime of its own. A connection
//! stays with one thread, and so does everything its requests touch, so that processors neither wait
//! for one another's locks nor wake one another. Jobs and the listener are elsewhere.
//!
//! The price is that a handler must not block: its neighbours on the thread would wait, and no other
//! thread takes over. A look-up in the store is as long as it may get; passwords are hashed by
//! `spawn_blocking`, and writes are done by the store's thread.

use super::connection::Protocol;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot, watch};

/// Whether the server is about to stop.
pub(super) type Draining = watch::Receiver<bool>;

pub(super) struct Workers(Vec<Worker>);

struct Worker {
    protocol: Arc<Protocol>,
    runtime: Handle,
    draining: watch::Sender<bool>,
    /// Every connection has a copy: that counts them, and tells when there are none left.
    presence: mpsc::Sender<Infallible>,
    all_left: mpsc::Receiver<Infallible>,
    /// Ends the thread when dropped.
    stop: oneshot::Sender<Infallible>,
    thread: JoinHandle<()>,
}

impl Workers {
    /// Starts a thread for each processor, each with a [`Protocol`] of its own.
    pub(super) fn start(protocol: impl Fn() -> Result<Protocol, String>) -> Result<Self, String> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let start = |_| Worker::start(protocol()?).map_err(|error| error.to_string());
        (0..count).map(start).collect::<Result<_, _>>().map(Self)
    }

    /// Serves a connection on the thread that has the fewest.
    pub(super) fn spawn<F>(&self, serve: impl FnOnce(Arc<Protocol>, Draining) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(worker) = self.0.iter().min_by_key(|worker| worker.presence.strong_count()) else { return };
        let serving = serve(Arc::clone(&worker.protocol), worker.draining.subscribe());
        let presence = worker.presence.clone();
        worker.runtime.spawn(async move {
            serving.await;
            drop(presence);
        });
    }

    /// Asks all connections to end, gives them so long, and ends the threads with what is left.
    pub(super) async fn stop(self, time_limit: Duration) {
        let mut all_left = Vec::new();
        let mut threads = Vec::new();
        let mut stops = Vec::new();
        for worker in self.0 {
            worker.draining.send_replace(true);
            all_left.push(worker.all_left);
            threads.push(worker.thread);
            stops.push(worker.stop);
        }
        // No thread ends before all connections have: they may share what one of them drives, as the
        // pool of connections to others.
        let left = async {
            for worker in &mut all_left {
                worker.recv().await;
            }
        };
        let _ = tokio::time::timeout(time_limit, left).await;
        drop(stops);
        let joined =
            tokio::task::spawn_blocking(|| threads.into_iter().map(JoinHandle::join).all(|end| end.is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a thread that serves connections had panicked");
        }
    }
}

impl Worker {
    fn start(protocol: Protocol) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let thread = std::thread::Builder::new().name("connections".into()).spawn(move || {
            // Ends when the sender is dropped, as there is nothing that it could send.
            let _ = runtime.block_on(stopped);
            // Without waiting for a password that is being hashed for nobody.
            runtime.shutdown_background();
        })?;
        let (presence, all_left) = mpsc::channel(1);
        Ok(Self {
            protocol: Arc::new(protocol),
            runtime: handle,
            draining: watch::Sender::new(false),
            presence,
            all_left,
            stop,
            thread,
        })
    }
}
