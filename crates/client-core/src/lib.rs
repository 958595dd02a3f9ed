//! The client of Keystead, without its clothes: users and their sessions, refreshing, linking, and
//! every request of the App Services client protocol. The Rust SDK and the Web SDK are thin layers
//! over it.
//!
//! How bytes travel, where tokens are kept and what a JSON value is belong to a [`Platform`]; nothing
//! here touches the network, a clock or a file, so the crate builds for the host and for wasm32. It has
//! no dependencies, because every visitor of a web page loads it.

mod client;
mod error;
mod lock;
mod login;
mod operation;
mod platform;
mod profile;
mod single_flight;
mod stored;
mod task;
mod token;
mod user;

pub use client::{Client, Configuration, DEFAULT_BASE_URL};
pub use error::{Error, LOGGED_OUT, ServerError};
pub use login::Credentials;
pub use operation::Operation;
pub use platform::{Body, Change, Changed, Json, MaybeSend, MaybeSync, Method, Platform, Request, Response};
pub use task::{Performed, Task};
pub use token::Token;
pub use user::{User, UserState};
