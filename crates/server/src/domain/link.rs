//! Linking: one more identity for the user of a session (protocol §1.5). The session stays.

use crate::domain::audit;
use crate::domain::providers::{Credentials, custom_function, custom_token, email_password};
use crate::domain::sessions::{self, Session};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::audit::Action;
use crate::store::users::{IdentityRecord, LinkOutcome};
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
    let (provider_type, identity_id, outcome) = match credentials {
        Credentials::Anonymous | Credentials::ApiKey(_) => return Err(Error::LinkImpossible),
        Credentials::EmailPassword { email, password } => {
            let account =
                email_password::verify(state, app, &email, password, client).await.map_err(refused)?;
            let audit =
                audit::by_user(state, session, client, Action::IdentityLinked).about(&account.identity_id);
            let (user_id, app_id, hash) = (session.user_id, app.ids.app_id, &account.password_hash);
            let outcome = state.store.link_email_account(user_id, app_id, &email, hash, now, audit).await?;
            (ProviderType::LocalUserpass, account.identity_id.to_string(), outcome)
        }
        Credentials::CustomToken(token) => {
            let verified = custom_token::verify(state, app, &token, client).await;
            link_external(state, session, verified, client).await?
        }
        Credentials::CustomFunction(payload) => {
            let verified = custom_function::verify(state, app, payload, client).await;
            link_external(state, session, verified, client).await?
        }
    };
    match outcome {
        LinkOutcome::Linked | LinkOutcome::AlreadyLinked => {}
        LinkOutcome::OwnedByAnother => return Err(Error::LinkOwnedByAnother),
        LinkOutcome::SecondEmail => return Err(Error::LinkSecondEmail),
    }
    sessions::tokens(state, session, provider_type, &identity_id)
}

/// Links an identity that somebody else vouches for.
async fn link_external(
    state: &ServerState,
    session: &Session,
    verified: Result<IdentityRecord, Error>,
    client: &Client<'_>,
) -> Result<(ProviderType, String, LinkOutcome), Error> {
    let identity = verified.map_err(refused)?;
    let (provider_type, id) = (identity.provider_type, identity.identity_id.clone());
    let audit = audit::by_user(state, session, client, Action::IdentityLinked).about(&provider_type);
    let outcome = state.store.link_identity(session.user_id, session.app.ids.app_id, identity, audit).await?;
    Ok((provider_type, id, outcome))
}

fn refused(error: Error) -> Error {
    match error {
        Error::Throttled(_) | Error::Busy(_) | Error::Store(_) | Error::Internal(_) => error,
        refused => Error::LinkCredentialRefused(Box::new(refused)),
    }
}
