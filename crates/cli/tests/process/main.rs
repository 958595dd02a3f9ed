//! The program as an operator meets it: a process with flags, files, signals, logs and an exit code.
#![allow(unreachable_pub, reason = "the helpers are public to the test modules")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers fail the test they serve"
)]

mod admin;
mod contract;
mod functions;
mod kill;
mod mail;
mod planted_secrets;
mod restore;
mod support;
