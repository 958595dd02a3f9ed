//! The words that Keystead's server and its clients share: ids, provider types, credentials, tokens,
//! API keys, profiles and errors, with exactly the spelling of the App Services wire protocol.
//!
//! No I/O and no runtime lives here, so the crate builds for every target. Rules live in the server.

pub mod api_key;
pub mod credentials;
pub mod email_password;
pub mod error;
pub mod id;
pub mod provider;
pub mod secret;
pub mod session;
pub mod user;
