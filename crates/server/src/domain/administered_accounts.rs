//! What administrators do about email accounts (protocol §7.4, §7.5): make a user with one, change an
//! address, and decide registrations that wait for their confirmation. Nobody is slowed down here, as
//! whoever asks may see all accounts anyway.

use crate::app_config::App;
use crate::app_config::email_password::Confirmation;
use crate::domain::admins::Administrator;
use crate::domain::email_password::{check_email, check_password, confirm_by_function};
use crate::domain::functions::events;
use crate::domain::users::AdministeredUser;
use crate::domain::{audit, mailing, users};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::administered_accounts::SetEmailOutcome;
use crate::store::audit::Action;
use crate::store::email_accounts::{EmailAccountRecord, EmailTokenPurpose, SentToken};
use crate::store::users::{IdentityRecord, NewUser};
use keystead_protocol::id::{EmailTokenId, ObjectId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;
use serde_json::Map;
use zeroize::Zeroizing;

/// How many registrations a page has (protocol §7.5).
const PAGE: u32 = 50;

/// Makes a user with an email account, which is confirmed however the application confirms accounts.
///
/// # Errors
/// The application has no email accounts, the address is taken or unusable, the password too short or too
/// long, or the application's function does not want the user.
pub async fn create_user(
    state: &ServerState,
    app: &App,
    email: String,
    password: SecretText,
    by: &Administrator,
) -> Result<AdministeredUser, Error> {
    if app.config.providers.email_password.is_none() {
        return Err(Error::EmailAccountsOff);
    }
    check_password(&password)?;
    check_email(&email)?;
    let now = state.clock.now();
    let user_id: UserId = state.ids.next(now);
    let account = EmailAccountRecord {
        app_id: app.ids.app_id,
        email: email.clone(),
        identity_id: state.ids.next::<ObjectId>(now),
        password_hash: state.passwords.hash(password).await?,
        user_id: Some(user_id),
        created_at: now,
        pending_until: None,
    };
    let identity = IdentityRecord {
        provider_type: ProviderType::LocalUserpass,
        identity_id: account.identity_id.to_string(),
        data: Map::from_iter([("email".to_owned(), email.clone().into())]),
        generation: 0,
        created_at: now,
    };
    let user = NewUser { user_id, app_id: app.ids.app_id, identity, created_at: now };
    if state.store.find_email_account(app.ids.app_id, &email).await?.is_some() {
        return Err(Error::EmailInUse);
    }
    events::before_user_creation(state, app, &user, &by.client()).await.map_err(|error| match error {
        // Not a 401: it is not the administrator who was refused.
        Error::AuthFunctionRefused(message) => Error::FunctionFailed(message),
        other => other,
    })?;
    let audit = audit::by_admin(state, by, Some(app), Action::UserCreated).about_user(user_id);
    let inserted = state.store.insert_email_user(account, user, audit).await?;
    inserted.ok_or(Error::EmailInUse)?;
    users::describe(state, app, user_id).await
}

/// Gives a user another email address. Sessions go on: the password stays what it is.
///
/// # Errors
/// The address is taken or unusable, there is no such user, or they have no email account.
pub async fn reset_email(
    state: &ServerState,
    app: &App,
    user_id: UserId,
    email: String,
    by: &Administrator,
) -> Result<(), Error> {
    check_email(&email)?;
    let audit = audit::by_admin(state, by, Some(app), Action::UserEmailChanged).about_user(user_id);
    match state.store.set_user_email(app.ids.app_id, user_id, email, audit).await? {
        SetEmailOutcome::Set => Ok(()),
        SetEmailOutcome::Taken => Err(Error::EmailInUse),
        SetEmailOutcome::NoAccount => Err(Error::UserWithoutEmail),
        SetEmailOutcome::NoSuchUser => Err(Error::UserNotFound),
    }
}

/// A page of the registrations that wait, oldest first.
///
/// # Errors
/// The store's.
pub async fn list_pending(
    state: &ServerState,
    app: &App,
    after: Option<ObjectId>,
) -> Result<Vec<EmailAccountRecord>, Error> {
    Ok(state.store.list_pending_email_accounts(app.ids.app_id, after, PAGE).await?)
}

/// Forgets a registration that waits.
///
/// # Errors
/// There is none of this address, or it is confirmed.
pub async fn delete_pending(
    state: &ServerState,
    app: &App,
    email: &str,
    by: &Administrator,
) -> Result<(), Error> {
    check_pending(state, app, email).await?;
    let audit = audit::by_admin(state, by, Some(app), Action::EmailAccountDeleted);
    was_pending(state.store.delete_pending_email_account(app.ids.app_id, email, audit).await?)
}

/// Confirms a registration that waits.
///
/// # Errors
/// There is none of this address, or it is confirmed.
pub async fn confirm(state: &ServerState, app: &App, email: &str, by: &Administrator) -> Result<(), Error> {
    check_pending(state, app, email).await?;
    let audit = audit::by_admin(state, by, Some(app), Action::EmailAccountConfirmed);
    was_pending(state.store.confirm_pending_email_account(app.ids.app_id, email, audit).await?)
}

/// What confirms a registration. It is told once.
pub struct ConfirmationToken {
    /// The secret half.
    pub token: Zeroizing<String>,
    /// The public half.
    pub token_id: EmailTokenId,
}

/// Makes a new token that confirms a registration, mails it if that is how the application confirms them
/// and there is a mail server, and returns it.
///
/// # Errors
/// There is no registration of this address, it is confirmed, or too many mails were sent to it.
pub async fn send_confirmation(
    state: &ServerState,
    app: &App,
    email: &str,
    by: &Administrator,
) -> Result<ConfirmationToken, Error> {
    check_pending(state, app, email).await?;
    let (record, token) = mailing::new_token(state, app, email, EmailTokenPurpose::Confirm)?;
    let token_id = record.token_id;
    let sent = match app.config.providers.email_password.as_ref().map(|config| &config.confirmation) {
        Some(Confirmation::Mail(mail)) if state.mailer.is_configured() => {
            state.throttles.count_mail(app.ids.app_id, email)?;
            mailing::write_with(state, app, record, &token, mailing::Occasion::Confirm, mail)?
        }
        _ => SentToken { token: record, mail: None },
    };
    let audit = audit::by_admin(state, by, Some(app), Action::EmailAccountConfirmationSent);
    was_pending(state.store.insert_confirmation_token(sent, audit).await?)?;
    state.mail_waits.notify_one();
    Ok(ConfirmationToken { token, token_id })
}

/// Asks the confirmation function about a registration that waits once more.
///
/// # Errors
/// The application has no such function, there is no registration of this address, it is confirmed, or the
/// function refuses it.
pub async fn run_confirmation(
    state: &ServerState,
    app: &App,
    email: &str,
    by: &Administrator,
) -> Result<(), Error> {
    let config = app.config.providers.email_password.as_ref().ok_or(Error::EmailAccountsOff)?;
    let function = match &config.confirmation {
        Confirmation::Function(function) => function,
        Confirmation::Automatic => return Err(Error::ConfirmationAutomatic(email.to_owned())),
        Confirmation::Mail(_) => return Err(Error::NoConfirmationFunction(email.to_owned())),
    };
    check_pending(state, app, email).await?;
    let audit = |action| audit::by_admin(state, by, Some(app), action);
    let token = confirm_by_function(state, app, function, email, &by.client()).await?;
    was_pending(if let Some(token) = token {
        let audit = audit(Action::EmailAccountConfirmationSent);
        state.store.insert_confirmation_token(token, audit).await?
    } else {
        let audit = audit(Action::EmailAccountConfirmed);
        state.store.confirm_pending_email_account(app.ids.app_id, email, audit).await?
    })
}

async fn check_pending(state: &ServerState, app: &App, email: &str) -> Result<(), Error> {
    match state.store.find_email_account(app.ids.app_id, email).await? {
        None => Err(Error::UserNotFound),
        Some(account) if account.pending_until.is_none() => Err(Error::AlreadyConfirmed),
        Some(_) => Ok(()),
    }
}

/// Somebody else may have been faster.
fn was_pending(was_pending: bool) -> Result<(), Error> {
    if was_pending { Ok(()) } else { Err(Error::UserNotFound) }
}
