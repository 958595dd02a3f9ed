//! Writing and sending the mails of confirmation and reset. A mail is written into the outbox in the
//! same transaction as its token, and sent from there: a request never waits for a mail server, and
//! a mail survives a restart.

use crate::app_config::App;
use crate::app_config::email_password::MailConfig;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::mail::Mail;
use crate::state::ServerState;
use crate::store::StoreResult;
use crate::store::email_accounts::{EmailTokenPurpose, EmailTokenRecord, SentToken};
use crate::store::outbox::OutboxRecord;
use std::fmt::Write as _;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a mailed link works (protocol §5).
pub const LINK_LIFETIME: Duration = Duration::from_mins(30);

/// How long the link works with which an imported account is claimed. Nobody asked for that mail, and nobody
/// waits for it: it is read after the weekend, or after a holiday. Until then the account has no password,
/// so there is nothing that a link in an old mail could replace; afterwards a reset is asked for as usual.
pub const CLAIM_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Why a mail is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody registered.
    Confirm,
    /// Somebody forgot their password.
    Reset,
    /// An account was imported without a password.
    Claim,
}

impl Occasion {
    /// What the token in the mail is for.
    const fn purpose(self) -> EmailTokenPurpose {
        match self {
            Self::Confirm => EmailTokenPurpose::Confirm,
            Self::Reset | Self::Claim => EmailTokenPurpose::Reset,
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::Confirm | Self::Reset => LINK_LIFETIME,
            Self::Claim => CLAIM_LIFETIME,
        }
    }
}

const SEALED_FOR: &str = "mail";
const BATCH: u32 = 20;

/// A fresh token and the mail that carries it.
///
/// # Errors
/// Mail is not set up, or the address cannot be one.
pub fn write(
    state: &ServerState,
    app: &App,
    email: &str,
    occasion: Occasion,
    config: &MailConfig,
) -> Result<SentToken, Error> {
    let (mut record, token) = new_token(state, app, email, occasion.purpose())?;
    record.expires_at = state.clock.now().plus(occasion.lifetime());
    write_with(state, app, record, &token, occasion, config)
}

/// The same for a token that is known to somebody else, too.
///
/// # Errors
/// Mail is not set up, or the address cannot be one.
pub fn write_with(
    state: &ServerState,
    app: &App,
    record: EmailTokenRecord,
    token: &str,
    occasion: Occasion,
    config: &MailConfig,
) -> Result<SentToken, Error> {
    let email = &record.email;
    if !state.mailer.is_configured() {
        return Err(Error::MailNotConfigured);
    }
    if !crate::mail::is_address(email) {
        return Err(Error::EmailInvalid);
    }
    let now = state.clock.now();
    let mut link = config.url.clone();
    let token_id = record.token_id.to_string();
    link.query_pairs_mut().append_pair("token", token).append_pair("tokenId", &token_id);
    let mail = Mail {
        to: email.clone(),
        subject: match occasion {
            Occasion::Confirm | Occasion::Reset => config.subject.clone(),
            Occasion::Claim => format!("Claim your {} account", app.config.name),
        },
        body: body(occasion, &app.config.name, link.as_str()),
        expires_at: record.expires_at,
    };
    let plain = Zeroizing::new(serde_json::to_vec(&mail).map_err(|e| Error::Internal(e.to_string()))?);
    let mail = OutboxRecord {
        mail_id: state.ids.next(now),
        sealed_mail: state.pepper.seal(SEALED_FOR, &plain)?,
        bulk: occasion == Occasion::Claim,
        attempts: 0,
        next_attempt_at: now,
        created_at: now,
    };
    Ok(SentToken { token: record, mail: Some(mail) })
}

/// A fresh token: what is stored of it, and the secret half.
///
/// # Errors
/// The operating system has no random numbers.
pub fn new_token(
    state: &ServerState,
    app: &App,
    email: &str,
    purpose: EmailTokenPurpose,
) -> Result<(EmailTokenRecord, Zeroizing<String>), Error> {
    let now = state.clock.now();
    let token = random_token()?;
    let record = EmailTokenRecord {
        token_id: state.ids.next(now),
        app_id: app.ids.app_id,
        email: email.to_owned(),
        purpose,
        digest: state.pepper.digest_mailed_token(&token),
        expires_at: now.plus(LINK_LIFETIME),
    };
    Ok((record, token))
}

fn body(occasion: Occasion, app: &str, link: &str) -> String {
    match occasion {
        Occasion::Confirm => format!(
            "Please confirm your email address for {app} by opening this link:\n\n{link}\n\n\
             The link works once, for 30 minutes. If you did not register, do nothing.\n"
        ),
        Occasion::Reset => format!(
            "Somebody asked to reset the password of your {app} account. To choose a new one, open \
             this link:\n\n{link}\n\nThe link works once, for 30 minutes. If it was not you, do \
             nothing: your password stays as it is.\n"
        ),
        Occasion::Claim => format!(
            "Your {app} account has moved to a new system, and your password could not come along. To choose \
             one, and log in as before, open this link:\n\n{link}\n\nThe link works once, for 7 days. After \
             that, ask for a new password where you log in. If you have no {app} account, do nothing.\n"
        ),
    }
}

fn random_token() -> Result<Zeroizing<String>, Error> {
    let mut random = Zeroizing::new([0; 64]);
    getrandom::fill(&mut *random).map_err(|error| Error::Internal(error.to_string()))?;
    let mut token = Zeroizing::new(String::with_capacity(128));
    for byte in random.iter() {
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// Sends what is due, and puts off what could not be sent.
///
/// # Errors
/// The store's.
pub async fn send_due(state: &ServerState) -> StoreResult<()> {
    loop {
        let now = state.clock.now();
        let due = state.store.list_due_mails(now, BATCH).await?;
        let more = due.len() == BATCH as usize;
        // Side by side: one slow recipient must not let the links of all others expire.
        let sent = due.into_iter().map(|record| send_one(state, record, now));
        futures_util::future::try_join_all(sent).await?;
        if !more {
            return Ok(());
        }
    }
}

async fn send_one(state: &ServerState, record: OutboxRecord, now: Timestamp) -> StoreResult<()> {
    let mail = state.pepper.open(SEALED_FOR, &record.sealed_mail);
    let mail = mail.ok().and_then(|plain| serde_json::from_slice::<Mail>(&plain).ok());
    let Some(mail) = mail else {
        tracing::error!(mail.id = %record.mail_id, "a waiting mail cannot be read and is thrown away");
        return state.store.delete_mail(record.mail_id).await;
    };
    if mail.expires_at <= now {
        tracing::warn!(
            mail.id = %record.mail_id,
            attempts = record.attempts,
            "a mail could not be sent before its link expired and is thrown away"
        );
        return state.store.delete_mail(record.mail_id).await;
    }
    match state.mailer.send(&mail).await {
        Ok(()) => {
            state.metrics.mails_sent.inc();
            state.store.delete_mail(record.mail_id).await
        }
        Err(error) => {
            state.metrics.mails_failed.inc();
            let pause = Duration::from_secs(5 << record.attempts.min(6));
            tracing::warn!(mail.id = %record.mail_id, error, "a mail could not be sent; it will be tried again");
            state.store.postpone_mail(record.mail_id, now.plus(pause)).await
        }
    }
}
