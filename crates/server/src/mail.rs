//! Handing mails to a mail server by SMTP; or to the log, on a developer's machine.

use crate::clock::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail to one person.
#[derive(Serialize, Deserialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it is not worth sending any more.
    pub expires_at: Timestamp,
}

/// Sends mails.
pub enum Mailer {
    /// To a mail server.
    Smtp {
        /// The connections.
        transport: AsyncSmtpTransport<Tokio1Executor>,
        /// Whom the mails are from.
        from: Mailbox,
    },
    /// To the log: links in there open accounts, so only for a server that nobody else reaches.
    Log,
    /// Nowhere.
    Off,
}

impl Mailer {
    /// A mailer for an URL like `smtp://user:password@host:587?tls=required` or `smtps://host`.
    ///
    /// # Errors
    /// A sentence: the URL or the sender's address is malformed.
    pub fn smtp(url: &str, from: &str) -> Result<Self, String> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            // The URL may hold a password, so the error must not repeat it.
            .map_err(|_| "the SMTP URL is not like smtp://user:password@host:587?tls=required".to_owned())?
            .timeout(Some(TIMEOUT))
            .build();
        let from = from.parse().map_err(|_| format!("{from:?} is no sender address"))?;
        Ok(Self::Smtp { transport, from })
    }

    /// Whether there is any use in writing a mail.
    pub const fn is_configured(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Greets the mail server, and says goodbye.
    ///
    /// # Errors
    /// A sentence: it does not answer, or not as a mail server.
    pub async fn try_connection(&self) -> Result<(), String> {
        let Self::Smtp { transport, .. } = self else { return Ok(()) };
        match transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it refuses to talk".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// A sentence for the log.
    pub async fn send(&self, mail: &Mail) -> Result<(), String> {
        match self {
            Self::Smtp { transport, from } => {
                let to = mail.to.parse::<Address>().map_err(|error| error.to_string())?;
                let message = Message::builder()
                    .from(from.clone())
                    .to(Mailbox::new(None, to))
                    .subject(&mail.subject)
                    .header(ContentType::TEXT_PLAIN)
                    .body(mail.body.clone())
                    .map_err(|error| error.to_string())?;
                transport.send(message).await.map(drop).map_err(|error| error.to_string())
            }
            Self::Log => {
                tracing::info!(
                    to = mail.to,
                    subject = mail.subject,
                    body = mail.body,
                    "mail (written here because no --smtp-url is set and the server is local)"
                );
                Ok(())
            }
            Self::Off => Err("no mail server is set up".into()),
        }
    }
}

/// Whether a mail server would take this for an address.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}
