//! The Rust SDK of Keystead: users, sessions and user API keys, with the names that App Services gave
//! them. A service logs in with a user's API key in three lines, and acts on their behalf:
//!
//! ```
//! use keystead_client::{App, Credentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = keystead_dev_server::DevServer::start().await;
//! # let (url, key) = (&server.url, &server.new_api_key().await);
//! let app = App::builder("quickstart-abcde").base_url(url).build()?;
//! let user = app.log_in(Credentials::api_key(key)).await?;
//! let token = user.fresh_access_token().await?; // for the services that you call on their behalf
//! # assert_eq!(user.provider_type(), "api-key");
//! # Ok(())
//! # }
//! ```
//!
//! A service that receives such a token verifies it with the crate `keystead-verify`.
//!
//! # Sessions
//!
//! An expired access token is refreshed by the call that meets it, once for all calls that do; then that
//! call is sent again, once. A session that the server has ended logs the user out here too. A server that
//! cannot be reached, or an answer that is not the server's, logs nobody out. With [`FileStorage`] sessions
//! survive a restart:
//!
//! ```
//! # use keystead_client::{App, Credentials, FileStorage};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = keystead_dev_server::DevServer::start().await;
//! # let (url, key) = (&server.url, &server.new_api_key().await);
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("sessions.json");
//! let app = App::builder("quickstart-abcde").base_url(url).storage(FileStorage::open(path)?).build()?;
//! let user = match app.current_user() {
//!     Some(user) => user, // still logged in
//!     None => app.log_in(Credentials::api_key(key)).await?,
//! };
//! # assert!(user.is_logged_in());
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! [`Error`] says who has to do something about it; of a refusal, [`Error::code`] is what programs compare:
//!
//! ```
//! # use keystead_client::{App, Credentials, Error};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = keystead_dev_server::DevServer::start().await;
//! # let app = App::builder("quickstart-abcde").base_url(&server.url).build()?;
//! match app.log_in(Credentials::api_key("no such key")).await {
//!     Ok(user) => println!("hello {}", user.id()),
//!     Err(error) if error.code() == Some("AuthError") => println!("this key opens nothing"),
//!     Err(Error::Unreachable(reason)) => println!("try again later: {reason}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `file-storage` (default): [`FileStorage`].
//! - `tls` (default): `https://` URLs, with rustls and the operating system's certificates. Without it, only
//!   `http://`; a program that gives reqwest TLS of its own passes an [`AppBuilder::http_client`].
//!
//! Calls need a tokio runtime. Times are the server's; only [`User::fresh_access_token`] asks this
//! machine's clock.

mod api_keys;
mod app;
mod builder;
mod clock;
mod credentials;
mod email_password;
mod native;
mod profile;
mod storage;
mod user;
mod value;

pub use api_keys::{ApiKeys, CreatedApiKey};
pub use app::App;
pub use builder::{AppBuilder, BuildError};
pub use credentials::Credentials;
pub use email_password::EmailPasswordAuth;
pub use keystead_client_core::{Change, DEFAULT_BASE_URL, Error, ServerError, Token, UserState};
pub use keystead_protocol::api_key::ApiKey;
pub use keystead_protocol::id::ApiKeyId;
pub use profile::{Identity, Profile};
/// The HTTP client of [`App::http_client`] and [`AppBuilder::http_client`], in the version that fits.
pub use reqwest;
#[cfg(feature = "file-storage")]
pub use storage::{FileStorage, FileStorageError};
pub use storage::{MemoryStorage, Storage};
pub use user::User;
