//! The ways to prove who one is, one file each.

pub mod anonymous;
pub mod api_key;
pub mod custom_function;
pub mod custom_token;
pub mod email_password;
pub mod foreign_jwt;
pub mod jwks;

use crate::app_config::App;
use crate::domain::audit;
use crate::domain::functions::events;
use crate::domain::secret_key::KeySecret;
use crate::domain::sessions::{Authenticated, Grounds};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::{IdentityRecord, NewUser};
use keystead_protocol::secret::SecretText;
use serde_json::Value;
use std::fmt;

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
    /// An API key; a string that is none of ours may be one that was imported.
    ApiKey(Result<KeySecret, SecretText>),
    /// A JWT of somebody else's making.
    CustomToken(SecretText),
    /// Whatever the application's function understands, as extended JSON. May hold secrets.
    CustomFunction(FunctionPayload),
}

/// What is presented to an authentication function. Not printed.
pub struct FunctionPayload(pub Value);

impl fmt::Debug for FunctionPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[payload]")
    }
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
        Credentials::CustomFunction(payload) => {
            custom_function::authenticate(state, app, payload, client).await
        }
    }
}

/// Whoever has an identity that somebody else vouches for: a user who is made if there is none.
async fn authenticated_as(
    state: &ServerState,
    app: &App,
    identity: IdentityRecord,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    let now = state.clock.now();
    let (provider_type, identity_id) = (identity.provider_type, identity.identity_id.clone());
    let user = NewUser { user_id: state.ids.next(now), app_id: app.ids.app_id, identity, created_at: now };
    if app.config.on_user_creation_function.is_some() && !state.store.has_identity_owner(&user).await? {
        events::before_user_creation(state, app, &user, client).await?;
    }
    let audit = audit::user_created(state, app, client, &user);
    let user = state.store.find_or_insert_user_by_identity(user, audit).await?;
    if user.disabled {
        return Err(Error::UserDisabled);
    }
    let grounds =
        Grounds { provider_type, api_key: None, user_generation: user.generation, credential_generation: 0 };
    Ok(Authenticated { user_id: user.user_id, identity_id, grounds })
}
