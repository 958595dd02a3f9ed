//! The ways to prove who one is, one file each.

pub mod anonymous;
pub mod api_key;
pub mod custom_token;
pub mod email_password;
pub mod foreign_jwt;
pub mod jwks;

use crate::app_config::App;
use crate::domain::secret_key::KeySecret;
use crate::domain::sessions::Authenticated;
use crate::error::Error;
use crate::state::{Client, ServerState};
use keystead_protocol::secret::SecretText;

/// What a client presents.
#[derive(Debug)]
pub enum Credentials {
    /// Nothing.
    Anonymous,
    /// An email address and a password.
    EmailPassword {
        /// The address.
        email: String,
        /// The password.
        password: SecretText,
    },
    /// An API key; `None` for a string that cannot be one.
    ApiKey(Option<KeySecret>),
    /// A JWT of somebody else's making.
    CustomToken(SecretText),
    /// Whatever the application's function understands.
    CustomFunction,
}

/// Finds out whom the credentials prove.
///
/// # Errors
/// The provider is not enabled, the credentials are refused, the user is disabled, or too many
/// attempts failed.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    credentials: Credentials,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    // API keys are the hot path; the others are boxed, so that it does not carry the room they need.
    match credentials {
        Credentials::Anonymous => Box::pin(anonymous::authenticate(state, app, client)).await,
        Credentials::EmailPassword { email, password } => {
            Box::pin(email_password::authenticate(state, app, &email, password, client)).await
        }
        Credentials::ApiKey(key) => api_key::authenticate(state, app, key, client).await,
        Credentials::CustomToken(token) => {
            Box::pin(custom_token::authenticate(state, app, &token, client)).await
        }
        Credentials::CustomFunction => Err(no_function(app)),
    }
}

/// Functions do not run yet, so each one is a function that does not exist.
pub fn no_function(app: &App) -> Error {
    match &app.config.providers.custom_function {
        Some(function) => Error::FunctionNotFound(function.clone()),
        None => Error::ProviderUnavailable("custom-function".into()),
    }
}
