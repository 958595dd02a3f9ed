//! The HTTP interface against the real store, by the nouns of the protocol.
#![allow(unreachable_pub, reason = "the helpers are public to the test modules")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers fail the test they serve"
)]

mod admin;
mod authorisation;
mod client;
mod keystead;
mod operations;
mod support;
