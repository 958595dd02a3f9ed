//! One piece of work at a time, however many wait for it. Used for refreshing a session and for asking
//! where the server is. Needs no runtime and survives a cancelled worker.

use std::future::{Future, poll_fn};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Work that is done once for all who ask for it at the same time.
pub(crate) struct SingleFlight<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    running: bool,
    /// How often the work was finished, and how it ended the last time.
    finished: u64,
    outcome: Option<T>,
    waiting: Vec<Waker>,
}

impl<T: Clone> SingleFlight<T> {
    pub(crate) const fn new() -> Self {
        let state = State { running: false, finished: 0, outcome: None, waiting: Vec::new() };
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the work was finished so far: what [`SingleFlight::run`] compares.
    pub(crate) fn finished(&self) -> u64 {
        self.state().finished
    }

    /// Does `work`, or waits for who is doing it already. Work that was finished after `seen` was
    /// counted is not done again: its outcome is the answer. If a worker is cancelled, the next in line
    /// takes over.
    pub(crate) async fn run(&self, seen: u64, work: impl Future<Output = T>) -> T {
        let turn = poll_fn(|context| {
            let mut state = self.state();
            match state.outcome.as_ref().filter(|_| state.finished > seen) {
                Some(outcome) => Poll::Ready(Turn::Done(outcome.clone())),
                None if state.running => {
                    if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                        state.waiting.push(context.waker().clone());
                    }
                    Poll::Pending
                }
                None => {
                    state.running = true;
                    Poll::Ready(Turn::Mine(Worker { flight: self }))
                }
            }
        });
        match turn.await {
            Turn::Done(outcome) => outcome,
            Turn::Mine(worker) => {
                let outcome = work.await;
                {
                    let mut state = self.state();
                    state.finished += 1;
                    state.outcome = Some(outcome.clone());
                }
                drop(worker);
                outcome
            }
        }
    }
}

enum Turn<'a, T: Clone> {
    Done(T),
    Mine(Worker<'a, T>),
}

/// Whoever holds this does the work. Dropped, finished or not, it lets the others go on.
struct Worker<'a, T: Clone> {
    flight: &'a SingleFlight<T>,
}

impl<T: Clone> Drop for Worker<'_, T> {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.flight.state();
            state.running = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
