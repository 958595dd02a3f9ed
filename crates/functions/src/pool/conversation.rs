//! One call, as it is talked over with a worker: the program if it has another one, the call, its requests,
//! its answer. Deadlines and replacing workers are the pool's.

use super::process::Worker;
use crate::wire::{self, CallText, FromWorker, ToWorker};
use crate::{Call, Failure, Host, HttpResponse, Outcome};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::sync::Arc;
use tokio::time::Instant;

/// How a conversation ended.
pub(super) struct End {
    pub(super) result: Result<Outcome, Failure>,
    /// Whether the worker is as good as new.
    pub(super) reusable: bool,
}

pub(super) async fn hold(worker: &mut Worker, call: &Call, host: &Arc<dyn Host>, deadline: Instant) -> End {
    if worker.program != Some(call.program.digest) {
        worker.outgoing.queue(&call.program.frame);
        worker.program = Some(call.program.digest);
    }
    worker.outgoing.queue(&wire::frame(&ToWorker::Call(text(call, deadline))));
    match talk(worker, host).await {
        Some(Ok(outcome)) => End { result: Ok(outcome), reusable: true },
        // A large heap leaves holes behind, and an engine out of memory is where engines have their faults.
        Some(Err(failure)) => End { reusable: failure != Failure::MemoryLimit, result: Err(failure) },
        None => End { result: Err(worker.cause_of_death().await), reusable: false },
    }
}

fn text(call: &Call, deadline: Instant) -> CallText {
    CallText {
        function: call.function.clone(),
        arguments: serde_json::Value::Array(call.arguments.clone()).to_string(),
        user: call.context.user.as_ref().map(ToString::to_string),
        request: call.context.request.to_string(),
        running_as_system: call.context.running_as_system,
        wall: deadline.saturating_duration_since(Instant::now()),
    }
}

/// The worker's answer. `None` if it cannot be talked to any more.
async fn talk(worker: &mut Worker, host: &Arc<dyn Host>) -> Option<Result<Outcome, Failure>> {
    let Worker { outgoing, incoming, .. } = worker;
    let mut requests = FuturesUnordered::new();
    loop {
        tokio::select! {
            written = outgoing.write_some(), if !outgoing.is_empty() => written.ok()?,
            Some((id, response)) = requests.next(), if !requests.is_empty() => {
                let response: Result<HttpResponse, String> = response;
                outgoing.queue(&wire::frame(&ToWorker::Http { id, response }));
            }
            message = incoming.next() => match message.ok()? {
                // A worker counts its requests; one that does not is no longer what we started.
                FromWorker::Http { .. } if requests.len() >= wire::MAX_REQUESTS => return None,
                FromWorker::Http { id, request } => {
                    requests.push(async move { (id, host.http(request).await) });
                }
                FromWorker::Done { value, logs } => return Some(Ok(Outcome { value, logs })),
                FromWorker::Failed(failure) => return Some(Err(failure)),
            },
        }
    }
}
