//! The core against a network of which every answer is written in the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers fail the test they serve"
)]

mod bad_servers;
mod logging_in;
mod operations;
mod refreshing;
mod storage;
mod support;
mod users;
