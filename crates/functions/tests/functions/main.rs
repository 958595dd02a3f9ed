//! Functions, run through real worker processes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

mod contract;
mod hostile;
mod isolation;
mod pool;
mod results;
mod utils;
