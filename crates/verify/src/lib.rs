//! Verifies Keystead's access tokens offline, for the services that receive them. The application's
//! public keys are fetched once and kept; no token is ever sent anywhere.
//!
//! ```
//! use keystead_verify::Verifier;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = keystead_dev_server::DevServer::start().await;
//! # let url = &server.url;
//! # let app = keystead_client::App::builder("quickstart-abcde").base_url(url).build()?;
//! # let user = app.log_in(keystead_client::Credentials::anonymous()).await?;
//! # let token = user.fresh_access_token().await?;
//! # let token = token.expose();
//! let verifier = Verifier::builder("quickstart-abcde").base_url(url).build()?;
//! let caller = verifier.verify(token).await?;
//! # assert_eq!(caller.user_id, user.id());
//! # Ok(())
//! # }
//! ```
//!
//! In an axum service, with the feature `axum`, a layer guards routes, and handlers ask for the caller:
//!
//! ```
//! use axum::{Router, routing::get};
//! use keystead_verify::{AuthenticatedUser, Verifier};
//!
//! async fn orders(caller: AuthenticatedUser) -> String {
//!     format!("the orders of {}", caller.user_id)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::builder("quickstart-abcde").base_url("http://localhost:9090").build()?;
//! let router: Router = Router::new().route("/orders", get(orders)).layer(verifier.layer());
//! # Ok(())
//! # }
//! ```
//!
//! # What is checked
//!
//! - **The signature**, by Ed25519 and nothing else. A token's header is only compared: `alg: none`, HMAC
//!   with the public key, or any other algorithm is refused before a key is looked for.
//! - **The application.** Keystead has separate keys for every application, and only the keys of yours are
//!   fetched; another application's token names a key that is not among them.
//!   [`VerifierBuilder::domain_id`] compares the token's `baas_domain_id` as well.
//!   An application that signs with HS256 (`--access-token-algorithm`) publishes no key, so its tokens cannot
//!   be verified offline: they are refused as any other algorithm.
//! - **The type**: a refresh token is refused.
//! - **The time**: `exp` and `iat`, give or take [`VerifierBuilder::leeway`].
//! - **The audience**, if the token has one or if [`VerifierBuilder::audience`] asks for it.
//!
//! # What is not: revocation
//!
//! A token that verifies was good when it was signed. Its user may have been disabled or logged out and its
//! API key disabled since: Keystead itself refuses it from that moment on, but offline nobody can know, and it
//! verifies until it expires, 30 minutes after it was signed at most. What must not wait that long asks
//! Keystead, such as with `GET /api/client/v2.0/auth/profile` and the same token.
//!
//! # Keys
//!
//! A token whose key is unknown makes the verifier fetch the keys anew: so it learns of new keys at once.
//! However many such tokens come, one request is under way at a time, and none follows sooner than
//! [`VerifierBuilder::min_fetch_interval`]. Every five minutes the keys are fetched anew in the background.
//! While Keystead is down, the keys at hand stay in use.

mod builder;
mod error;
mod jwks;
mod keys;
#[cfg(feature = "tower")]
mod layer;
mod token;
mod user;
mod verifier;

pub use builder::{BuildError, VerifierBuilder};
pub use error::{Refusal, VerifyError};
#[cfg(feature = "tower")]
pub use layer::{Authentication, AuthenticationLayer};
/// The HTTP client of [`VerifierBuilder::http_client`], in the version that fits.
pub use reqwest;
pub use user::AuthenticatedUser;
pub use verifier::Verifier;
