//! One piece of work at a time, however many wait for it: refreshing a session, or asking where the
//! server is. Needs no runtime and survives a cancelled worker.

use crate::error::Error;
use crate::lock::Lock;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Work that is done once for all who ask for it at the same time.
pub(crate) struct SingleFlight(Lock<State>);

struct State {
    running: bool,
    /// How often the work was finished, and how it ended the last time.
    finished: u32,
    outcome: Result<(), Error>,
    waiting: Vec<Waker>,
}

/// What somebody who asks for the work is given.
pub(crate) enum Turn<'a> {
    /// It was done meanwhile; this is how it ended.
    Done(Result<(), Error>),
    /// Do it.
    Mine(Worker<'a>),
}

/// Whoever holds this does the work. Dropped unfinished, the next in line takes over.
pub(crate) struct Worker<'a>(&'a SingleFlight);

impl SingleFlight {
    pub(crate) const fn new() -> Self {
        Self(Lock::new(State { running: false, finished: 0, outcome: Ok(()), waiting: Vec::new() }))
    }

    /// How often the work was finished so far: what [`SingleFlight::turn`] compares.
    pub(crate) fn finished(&self) -> u32 {
        self.0.lock().finished
    }

    /// Waits until nobody is doing the work. Work that was finished after `seen` was counted is not done
    /// again.
    pub(crate) async fn turn(&self, seen: u32) -> Turn<'_> {
        poll_fn(|context| {
            let mut state = self.0.lock();
            if state.finished != seen {
                Poll::Ready(Turn::Done(state.outcome.clone()))
            } else if state.running {
                if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    state.waiting.push(context.waker().clone());
                }
                Poll::Pending
            } else {
                state.running = true;
                Poll::Ready(Turn::Mine(Worker(self)))
            }
        })
        .await
    }
}

impl Worker<'_> {
    /// The work is done, and this is how it ended.
    pub(crate) fn finish(self, outcome: Result<(), Error>) {
        let mut state = self.0.0.lock();
        state.finished = state.finished.wrapping_add(1);
        state.outcome = outcome;
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.0.lock();
            state.running = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
