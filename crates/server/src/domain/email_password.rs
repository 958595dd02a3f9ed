//! Email accounts: register, confirm, reset a password (protocol §5). How a user logs in with one is in
//! `providers/email_password.rs`.

use crate::app_config::App;
use crate::app_config::email_password::{Confirmation, EmailPasswordConfig, PasswordReset};
use crate::domain::audit;
use crate::domain::functions::events::{self, Question, ResetDetails, Verdict};
use crate::domain::mailing::{self, Occasion};
use crate::domain::passwords::Verification;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::audit::Action;
use crate::store::email_accounts::{EmailAccountRecord, EmailTokenPurpose, PresentedToken, SentToken};
use keystead_protocol::email_password::MailedToken;
use keystead_protocol::id::ObjectId;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;
use serde_json::Value;
use std::time::Duration;

/// How long a registration waits for its confirmation before it is forgotten.
pub const PENDING_LIFETIME: Duration = Duration::from_hours(7 * 24);

const MAX_EMAIL_LENGTH: usize = 128;

/// Registers an account, and sends the confirmation mail if that is how it is confirmed.
///
/// # Errors
/// The address is taken or unusable, the password too short or too long, mail is not set up.
pub async fn register(
    state: &ServerState,
    app: &App,
    email: String,
    password: SecretText,
    client: &Client<'_>,
) -> Result<(), Error> {
    let config = config(app)?;
    state.throttles.check_address(client.address)?;
    state.throttles.count_registration(client.address)?;
    check_password(&password)?;
    check_email(&email)?;
    if state.store.find_email_account(app.ids.app_id, &email).await?.is_some() {
        return Err(email_in_use(state, app, client));
    }
    let token = match &config.confirmation {
        Confirmation::Automatic => None,
        Confirmation::Mail(mail) => Some(mailing::write(state, app, &email, Occasion::Confirm, mail)?),
        Confirmation::Function(function) => confirm_by_function(state, app, function, &email, client).await?,
    };
    let now = state.clock.now();
    let account = EmailAccountRecord {
        app_id: app.ids.app_id,
        email,
        identity_id: state.ids.next::<ObjectId>(now),
        password_hash: state.passwords.hash(password).await?,
        user_id: None,
        created_at: now,
        pending_until: token.as_ref().map(|_| now.plus(PENDING_LIFETIME)),
    };
    let audit =
        audit::by_nobody(state, app, client, Action::EmailAccountRegistered).about(&account.identity_id);
    if !state.store.insert_email_account(account, token, audit).await? {
        return Err(email_in_use(state, app, client));
    }
    state.mail_waits.notify_one();
    Ok(())
}

/// Asks the application's function about an address. The token with which it is confirmed later, if that
/// is what the function wants.
pub(super) async fn confirm_by_function(
    state: &ServerState,
    app: &App,
    function: &str,
    email: &str,
    client: &Client<'_>,
) -> Result<Option<SentToken>, Error> {
    let (record, token) = mailing::new_token(state, app, email, EmailTokenPurpose::Confirm)?;
    let question = Question { username: email, token: &token, token_id: &record.token_id.to_string() };
    match events::confirm(state, app, function, &question, client).await? {
        Verdict::Success => Ok(None),
        Verdict::Pending => Ok(Some(SentToken { token: record, mail: None })),
        Verdict::Fail => Err(Error::ConfirmationRefused(email.to_owned())),
    }
}

/// Confirms the account that a mailed token belongs to.
///
/// # Errors
/// [`Error::MailedTokenInvalid`].
pub async fn confirm(
    state: &ServerState,
    app: &App,
    token: &MailedToken,
    client: &Client<'_>,
) -> Result<(), Error> {
    config(app)?;
    let presented = present(state, app, token, client)?;
    let audit = audit::by_nobody(state, app, client, Action::EmailAccountConfirmed);
    if state.store.confirm_email(presented, audit).await? {
        Ok(())
    } else {
        Err(token_refused(state, app, client))
    }
}

/// Mails a new confirmation link.
///
/// # Errors
/// No such account, or it is confirmed already.
pub async fn send_confirmation(
    state: &ServerState,
    app: &App,
    email: &str,
    client: &Client<'_>,
) -> Result<(), Error> {
    let config = config(app)?;
    let account = find_account(state, app, email, client).await?;
    if account.pending_until.is_none() {
        return Err(Error::AlreadyConfirmed);
    }
    match &config.confirmation {
        Confirmation::Mail(mail) => send(state, app, email, Occasion::Confirm, mail).await,
        Confirmation::Function(_) => Err(Error::ConfirmationByFunction),
        Confirmation::Automatic => Err(Error::AlreadyConfirmed),
    }
}

/// Runs the confirmation function again.
///
/// # Errors
/// No such account, it is confirmed already, no function is configured, or the function refuses.
pub async fn call_confirmation(
    state: &ServerState,
    app: &App,
    email: &str,
    client: &Client<'_>,
) -> Result<(), Error> {
    let config = config(app)?;
    if matches!(config.confirmation, Confirmation::Automatic) {
        return Err(Error::ConfirmationAutomatic(email.to_owned()));
    }
    let account = find_account(state, app, email, client).await?;
    if account.pending_until.is_none() {
        return Err(Error::AlreadyConfirmed);
    }
    let Confirmation::Function(function) = &config.confirmation else {
        return Err(Error::NoConfirmationFunction(email.to_owned()));
    };
    let audit = audit::by_nobody(state, app, client, Action::EmailAccountConfirmed);
    match confirm_by_function(state, app, function, email, client).await? {
        Some(token) => state.store.insert_email_token(token).await?,
        // Gone in between: there is nothing to confirm any more.
        None if !state.store.confirm_email_account(app.ids.app_id, email, audit).await? => {
            return Err(Error::UserNotFound);
        }
        None => {}
    }
    Ok(())
}

/// Mails a link with which a new password can be set.
///
/// # Errors
/// No such account; a function is configured for this; mail is not set up.
pub async fn send_reset(
    state: &ServerState,
    app: &App,
    email: &str,
    client: &Client<'_>,
) -> Result<(), Error> {
    let config = config(app)?;
    if matches!(config.reset, PasswordReset::Function(_)) {
        return Err(Error::ResetByFunction);
    }
    find_account(state, app, email, client).await?;
    match &config.reset {
        PasswordReset::Mail(mail) => send(state, app, email, Occasion::Reset, mail).await,
        PasswordReset::Function(_) => Err(Error::ResetByFunction),
        PasswordReset::Off => Err(Error::MailNotConfigured),
    }
}

/// Sets a new password with a mailed token. The sessions opened with the old password end.
///
/// # Errors
/// [`Error::MailedTokenInvalid`], or the password is too short or too long.
pub async fn reset(
    state: &ServerState,
    app: &App,
    token: &MailedToken,
    password: SecretText,
    client: &Client<'_>,
) -> Result<(), Error> {
    config(app)?;
    check_password(&password)?;
    let presented = present(state, app, token, client)?;
    // A made-up token must not cost a hash.
    if !state.store.has_email_token(presented.clone(), EmailTokenPurpose::Reset).await? {
        return Err(token_refused(state, app, client));
    }
    let password_hash = state.passwords.hash(password).await?;
    let audit = audit::by_nobody(state, app, client, Action::PasswordChanged);
    if state.store.reset_password(presented, password_hash, audit).await? {
        Ok(())
    } else {
        Err(token_refused(state, app, client))
    }
}

/// Runs the reset function, which replaces the password at once, or when its token comes back.
///
/// # Errors
/// No such account, no function is configured, the password is too short or too long, too many were
/// tried, or the function refuses.
pub async fn call_reset(
    state: &ServerState,
    app: &App,
    email: &str,
    password: SecretText,
    arguments: Vec<Value>,
    client: &Client<'_>,
) -> Result<(), Error> {
    let config = config(app)?;
    let PasswordReset::Function(function) = &config.reset else { return Err(Error::NoResetFunction) };
    check_password(&password)?;
    let account = find_account(state, app, email, client).await?;
    // Whoever asks learns from the function whether this is the password, so asking is guessing.
    let attempt = || state.throttles.attempt(client, app.ids.app_id, email);
    attempt().check()?;
    let copy = || SecretText::from(password.expose().to_owned());
    let verified = state.passwords.verify(copy(), Some(account.password_hash), attempt()).await?;
    let (record, token) = mailing::new_token(state, app, email, EmailTokenPurpose::Reset)?;
    let question = Question { username: email, token: &token, token_id: &record.token_id.to_string() };
    let details = ResetDetails {
        password: password.expose(),
        current_password_valid: verified != Verification::Wrong,
        arguments,
    };
    match events::reset(state, app, function, &question, details, client).await? {
        Verdict::Fail => return Err(Error::ResetRefused(email.to_owned())),
        Verdict::Pending => {
            state.store.insert_email_token(SentToken { token: record, mail: None }).await?;
        }
        Verdict::Success => {
            let password_hash = state.passwords.hash(password).await?;
            let audit = audit::by_nobody(state, app, client, Action::PasswordChanged);
            if !state.store.set_password(app.ids.app_id, email, password_hash, audit).await? {
                return Err(Error::UserNotFound);
            }
        }
    }
    Ok(())
}

fn config(app: &App) -> Result<&EmailPasswordConfig, Error> {
    let config = app.config.providers.email_password.as_ref();
    config.ok_or_else(|| Error::ProviderUnavailable(ProviderType::LocalUserpass.to_string()))
}

/// Without a confirmation mail any text is an address (protocol §5).
pub(super) fn check_email(email: &str) -> Result<(), Error> {
    let unusable =
        email.is_empty() || email.chars().count() > MAX_EMAIL_LENGTH || email.chars().any(char::is_control);
    if unusable { Err(Error::EmailInvalid) } else { Ok(()) }
}

pub(super) fn check_password(password: &SecretText) -> Result<(), Error> {
    if (6..=128).contains(&password.expose().chars().count()) { Ok(()) } else { Err(Error::PasswordLength) }
}

/// The protocol tells an address that is registered from one that is not, so asking is throttled
/// like guessing.
async fn find_account(
    state: &ServerState,
    app: &App,
    email: &str,
    client: &Client<'_>,
) -> Result<EmailAccountRecord, Error> {
    state.throttles.check_address(client.address)?;
    let account = state.store.find_email_account(app.ids.app_id, email).await?;
    account.ok_or_else(|| {
        state.throttles.count_address(app.ids.app_id, client);
        Error::UserNotFound
    })
}

fn email_in_use(state: &ServerState, app: &App, client: &Client<'_>) -> Error {
    state.throttles.count_address(app.ids.app_id, client);
    Error::EmailInUse
}

async fn send(
    state: &ServerState,
    app: &App,
    email: &str,
    occasion: Occasion,
    config: &crate::app_config::email_password::MailConfig,
) -> Result<(), Error> {
    state.throttles.count_mail(app.ids.app_id, email)?;
    state.store.insert_email_token(mailing::write(state, app, email, occasion, config)?).await?;
    state.mail_waits.notify_one();
    Ok(())
}

fn present(
    state: &ServerState,
    app: &App,
    token: &MailedToken,
    client: &Client<'_>,
) -> Result<PresentedToken, Error> {
    state.throttles.check_address(client.address)?;
    Ok(PresentedToken {
        app_id: app.ids.app_id,
        token_id: token.id().ok_or_else(|| token_refused(state, app, client))?,
        digest: state.pepper.digest_mailed_token(token.token.expose()),
        now: state.clock.now(),
    })
}

fn token_refused(state: &ServerState, app: &App, client: &Client<'_>) -> Error {
    state.throttles.count_address(app.ids.app_id, client);
    Error::MailedTokenInvalid
}
