//! Runs the core's futures. Nothing but an answer of the host's can let one of them go on, and they are
//! few, so there are no wakers: after each answer all are asked.

use crate::host::Web;
use keystead_client_core::Error;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::JsValue;

type Work = Pin<Box<dyn Future<Output = Result<JsValue, Error>>>>;

/// What has begun and not ended.
#[derive(Default)]
pub(crate) struct Running(RefCell<Vec<(u32, Work)>>);

impl Running {
    pub(crate) fn add(&self, ticket: u32, work: Work) {
        self.0.borrow_mut().push((ticket, work));
    }

    /// Lets everything go on as far as it can, and tells the host what has ended.
    pub(crate) fn go_on(&self, web: &Web) {
        let mut moved = true;
        while moved {
            let sent = web.sent();
            // Taken out while it runs: JavaScript may begin something else meanwhile.
            let works = self.0.take();
            let mut waiting = Vec::new();
            moved = false;
            for (ticket, mut work) in works {
                match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Pending => waiting.push((ticket, work)),
                    Poll::Ready(outcome) => {
                        moved = true;
                        web.settle(ticket, outcome);
                    }
                }
            }
            self.0.borrow_mut().append(&mut waiting);
            // Whoever ended, or went on to another request, may have been waited for.
            moved |= web.sent() != sent;
        }
    }
}
