//! The Keystead server as a library, so that the program and the tests start the very same thing.
//!
//! A request walks down three floors and up again: `http` parses it, `domain` has the rules, `store`
//! keeps what lasts. Nothing walks up: the store knows no rules, the rules know no HTTP.

pub mod app_config;
pub mod clock;
pub mod domain;
pub mod error;
mod http;
mod jobs;
pub mod mail;
pub mod metrics;
pub mod outbound;
pub mod settings;
mod start;
pub mod state;
pub mod store;

pub use http::routes;
pub use jobs::{flush_once, keep_audit_trail_once, sweep_once};
pub use start::{Restored, Server, StartError, reload_apps, restore};
