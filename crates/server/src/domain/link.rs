//! Linking: one more identity for the user of a session (protocol §1.5). The session stays.

use crate::domain::providers::{self, Credentials, custom_token, email_password};
use crate::domain::sessions::{self, Session};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::LinkOutcome;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::session::LoginResponse;

/// Gives the identity that the credentials prove to the user of the session. Linking what is linked
/// already changes nothing and succeeds.
///
/// # Errors
/// The credentials are refused; somebody else has the identity; the user has another email identity;
/// or the credentials are of a kind that cannot be linked.
pub async fn link(
    state: &ServerState,
    session: &Session,
    credentials: Credentials,
    client: &Client<'_>,
) -> Result<LoginResponse, Error> {
    let app = &session.app;
    let now = state.clock.now();
    let refused = |error: Error| match error {
        Error::Throttled(_) | Error::Busy(_) | Error::Store(_) | Error::Internal(_) => error,
        refused => Error::LinkCredentialRefused(Box::new(refused)),
    };
    let (provider_type, identity_id, outcome) = match credentials {
        Credentials::Anonymous | Credentials::ApiKey(_) => return Err(Error::LinkImpossible),
        Credentials::CustomFunction => return Err(providers::no_function(app)),
        Credentials::EmailPassword { email, password } => {
            let account =
                email_password::verify(state, app, &email, password, client).await.map_err(refused)?;
            let outcome = state
                .store
                .link_email_account(session.guard(), app.ids.app_id, &email, &account.password_hash, now)
                .await?;
            (ProviderType::LocalUserpass, account.identity_id.to_string(), outcome)
        }
        Credentials::CustomToken(token) => {
            let identity = custom_token::verify(state, app, &token, client).await.map_err(refused)?;
            let id = identity.identity_id.clone();
            let outcome = state.store.link_identity(session.guard(), app.ids.app_id, identity).await?;
            (ProviderType::CustomToken, id, outcome)
        }
    };
    match outcome {
        LinkOutcome::Linked | LinkOutcome::AlreadyLinked => {}
        LinkOutcome::OwnedByAnother => return Err(Error::LinkOwnedByAnother),
        LinkOutcome::SecondEmail => return Err(Error::LinkSecondEmail),
        LinkOutcome::SessionEnded => return Err(Error::SessionEnded),
    }
    sessions::tokens(state, session, provider_type, &identity_id)
}
