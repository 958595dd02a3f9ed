//! The workers of this process: how many there are, whose they are, and who gets one. What is said to a
//! worker is in `conversation`, what a worker is in `process`.

mod conversation;
mod process;

use crate::{Call, Failure, Host, Limits, Outcome};
use process::Worker;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How long after its wall time a call may still be answered by the engine, before its process is killed.
const GRACE: Duration = Duration::from_millis(75);

/// How to start a worker: something that ends up in [`crate::worker`].
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program, best as an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How many, and with which limits.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// How to start a worker.
    pub worker: WorkerCommand,
    /// How many processes there may be. They are started when they are needed.
    pub workers: usize,
    /// How many calls of one application may run or wait at once. Further ones are [`Failure::Busy`]. With
    /// fewer than `workers` a slow application leaves something for the others.
    pub calls_per_application: usize,
    /// What each call may use.
    pub limits: Limits,
}

/// Runs calls in worker processes. A process serves one application in its life, one call at a time.
pub struct Pool {
    settings: PoolSettings,
    places: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Worker>,
    calls: HashMap<String, usize>,
    closed: bool,
}

impl Pool {
    /// A pool without workers yet.
    ///
    /// Files that this process inherited are from now on closed in every process that it starts, workers
    /// first of all. Those that it opened itself are so anyway.
    pub fn new(mut settings: PoolSettings) -> Self {
        #[cfg(unix)]
        close_fds::CloseFdsBuilder::new().threadsafe(true).cloexecfrom(3);
        settings.workers = settings.workers.clamp(1, Semaphore::MAX_PERMITS);
        let places = Semaphore::new(settings.workers);
        Self { settings, places, state: Mutex::default() }
    }

    /// Runs a call. If the future is dropped, the call ends with its process.
    pub async fn run(&self, call: Call, host: &Arc<dyn Host>) -> Result<Outcome, Failure> {
        if !call.program.has(&call.function) {
            return Err(Failure::NotFound(call.function));
        }
        let _counted = self.count(call.program.application())?;
        let deadline = Instant::now() + self.settings.limits.wall;
        let _place = match timeout_at(deadline, self.places.acquire()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_closed)) => return Err(closed()),
            Err(_elapsed) => return Err(Failure::Busy),
        };
        let mut worker = self.worker_for(call.program.application())?;
        let answer = conversation::hold(&mut worker, &call, host, deadline);
        let (result, reusable) = match timeout_at(deadline + GRACE, answer).await {
            Ok(conversation::End { result, reusable }) => (result, reusable),
            Err(_elapsed) => (Err(Failure::TimeLimit), false),
        };
        if reusable {
            let mut state = self.state();
            if !state.closed {
                state.idle.push(worker);
            }
        }
        result
    }

    /// Ends the idle workers now, and the others with the calls that they are running.
    pub async fn close(&self) {
        self.places.close();
        let idle = {
            let mut state = self.state();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        for worker in idle {
            worker.end().await;
        }
    }

    fn count(&self, application: &str) -> Result<Counted<'_>, Failure> {
        let mut state = self.state();
        if state.closed {
            return Err(closed());
        }
        let calls = state.calls.entry(application.to_owned()).or_default();
        if *calls >= self.settings.calls_per_application {
            return Err(Failure::Busy);
        }
        *calls += 1;
        Ok(Counted { pool: self, application: application.to_owned() })
    }

    /// The application's worker that was used last, as its memory is warm, or a new one.
    fn worker_for(&self, application: &str) -> Result<Worker, Failure> {
        let mut state = self.state();
        while let Some(index) = state.idle.iter().rposition(|worker| worker.application == application) {
            let mut worker = state.idle.remove(index);
            if worker.is_alive() {
                return Ok(worker);
            }
        }
        // This call has its place already, so what is taken includes the worker to be started.
        let taken = self.settings.workers.saturating_sub(self.places.available_permits());
        if taken + state.idle.len() > self.settings.workers {
            state.idle.remove(0);
        }
        drop(state);
        Worker::start(&self.settings.worker, &self.settings.limits, application.to_owned())
            .map_err(|error| Failure::WorkerUnavailable(error.to_string()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Failure {
    Failure::WorkerUnavailable("the server is stopping".into())
}

/// One call of an application, as long as it runs.
struct Counted<'a> {
    pool: &'a Pool,
    application: String,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        if let Some(calls) = state.calls.get_mut(&self.application) {
            *calls -= 1;
            if *calls == 0 {
                state.calls.remove(&self.application);
            }
        }
    }
}
