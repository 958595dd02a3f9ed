//! Runs the JavaScript functions of applications, walled off: a pool of worker processes, a fresh engine
//! for every call. What does not live here: who may call which function, reading application folders, and
//! sending requests (the [`Host`] does that), so this crate cannot reach the server.

mod call;
mod host;
mod limits;
mod outcome;
mod pool;
mod program;
mod wire;
mod worker;

pub use call::{Call, CallContext};
pub use host::{Host, HttpRequest, HttpResponse};
pub use limits::{Limits, MAX_WALL};
pub use outcome::{Failure, LogLevel, LogLine, Outcome};
pub use pool::{Pool, PoolSettings, WorkerCommand};
pub use program::{FunctionSource, Program, ProgramParts};
pub use worker::worker;
