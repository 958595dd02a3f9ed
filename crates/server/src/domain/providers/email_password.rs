//! `local-userpass`: email address and password.

use crate::app_config::App;
use crate::domain::audit;
use crate::domain::functions::events;
use crate::domain::passwords::Verification;
use crate::domain::sessions::{Authenticated, Grounds};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::email_accounts::EmailAccountRecord;
use crate::store::users::{IdentityRecord, NewUser};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;
use serde_json::Map;

/// The user of the account, made at the first login.
///
/// # Errors
/// [`Error::InvalidPassword`] whether the account is unknown or the password wrong.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    email: &str,
    password: SecretText,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    let account = verify(state, app, email, password, client).await?;
    let now = state.clock.now();
    let user = NewUser {
        user_id: state.ids.next(now),
        app_id: app.ids.app_id,
        // The store takes the identity from the account.
        identity: IdentityRecord {
            provider_type: ProviderType::LocalUserpass,
            identity_id: account.identity_id.to_string(),
            data: Map::from_iter([("email".to_owned(), email.into())]),
            generation: 0,
            created_at: now,
        },
        created_at: now,
    };
    if account.user_id.is_none() {
        events::before_user_creation(state, app, &user, client).await?;
    }
    let audit = audit::user_created(state, app, client, &user);
    let user = state.store.open_email_user(email, &account.password_hash, user, audit).await?;
    let user = user.ok_or(Error::InvalidPassword)?;
    if user.disabled {
        return Err(Error::UserDisabled);
    }
    let identity = user.identities.iter().find(|id| id.provider_type == ProviderType::LocalUserpass);
    Ok(Authenticated {
        user_id: user.user_id,
        identity_id: account.identity_id.to_string(),
        grounds: Grounds {
            provider_type: ProviderType::LocalUserpass,
            api_key: None,
            user_generation: user.generation,
            credential_generation: identity.map_or(0, |identity| identity.generation),
        },
    })
}

/// The account of this address, if the password is right and the address confirmed.
///
/// # Errors
/// As for [`authenticate`].
pub async fn verify(
    state: &ServerState,
    app: &App,
    email: &str,
    password: SecretText,
    client: &Client<'_>,
) -> Result<EmailAccountRecord, Error> {
    if app.config.providers.email_password.is_none() {
        return Err(Error::ProviderUnavailable(ProviderType::LocalUserpass.to_string()));
    }
    let attempt = || state.throttles.attempt(client, app.ids.app_id, email);
    attempt().check()?;
    let mut account = state.store.find_email_account(app.ids.app_id, email).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let copy = SecretText::from(password.expose().to_owned());
    let mut verification = state.passwords.verify(password, stored, attempt()).await?;
    if let (Some(found), Verification::Right { better_hash: Some(better) }) = (&account, &verification) {
        let (old, better) = (&found.password_hash, better.clone());
        state.store.upgrade_password_hash(app.ids.app_id, email, old, better).await?;
        // Another login, or a reset, may have been faster: what is stored now decides.
        account = state.store.find_email_account(app.ids.app_id, email).await?;
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        verification = state.passwords.verify(copy, stored, attempt()).await?;
    }
    let (Some(account), Verification::Right { .. }) = (account, verification) else {
        return Err(Error::InvalidPassword);
    };
    if account.pending_until.is_some() {
        return Err(Error::NotConfirmed);
    }
    Ok(account)
}
