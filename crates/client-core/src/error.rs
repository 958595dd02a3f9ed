//! Everything that can go wrong, by who has to do something about it.

use crate::platform::{Body, Json, Method, Response};
use std::fmt;
use std::sync::Arc;

/// Why a call did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The server refused, and said why.
    Server(Arc<ServerError>),
    /// There was no answer: no network, no such host, a broken or too slow connection. The sentence names
    /// the request and says what the connection said.
    Unreachable(Arc<str>),
    /// Whoever answered does not speak the protocol: a proxy's page, a truncated body, a member missing.
    UnexpectedAnswer(Arc<str>),
    /// The user has no session: logged out here, or ended by the server.
    LoggedOut,
    /// The session could not be kept; the sentence says why.
    Storage(Arc<str>),
    /// The program asked for something that cannot be; the sentence says what.
    Usage(&'static str),
}

/// What the server said (protocol §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// What was asked for.
    pub method: Method,
    /// Where.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Its reason phrase, possibly empty.
    pub status_text: String,
    /// A sentence for people, if the server spoke the protocol.
    pub error: Option<String>,
    /// A stable code for programs, such as `APIKeyNotFound`.
    pub code: Option<String>,
    /// Where the operator finds the log lines of this request.
    pub link: Option<String>,
}

impl Error {
    /// The error that an answer other than 2xx stands for.
    pub(crate) fn from_answer<J: Json>(method: Method, url: &str, answer: Response<J>) -> Self {
        let said = |name: &str| match &answer.body {
            Body::Json(body) => body.get(name).as_text(),
            _ => None,
        };
        let (error, code, link) = (said("error"), said("error_code"), said("link"));
        let (status, status_text) = (answer.status, answer.status_text);
        Self::Server(Arc::new(ServerError {
            method,
            url: url.into(),
            status,
            status_text,
            error,
            code,
            link,
        }))
    }

    /// Whether the server says that the token it was shown opens nothing (any more). Only words of the
    /// protocol count: a proxy that answers 401 with a page of its own must not log anybody out.
    pub(crate) fn refuses_token(&self) -> bool {
        matches!(self, Self::Server(said) if said.status == 401
            && (said.code.as_deref() == Some("InvalidSession") || said.error.as_deref() == Some("unauthorized")))
    }

    /// No answer to this request.
    pub(crate) fn unreachable(method: Method, url: &str, reason: &str) -> Self {
        Self::Unreachable(
            ["Request failed (", method.as_str(), " ", url, "): no answer: ", reason].concat().into(),
        )
    }

    /// Not what the protocol promises.
    pub(crate) fn unexpected(sentence: &[&str]) -> Self {
        Self::UnexpectedAnswer(sentence.concat().into())
    }

    /// What could not be written, and why.
    pub(crate) fn storage(reason: &str) -> Self {
        Self::Storage(["The session could not be saved: ", reason].concat().into())
    }

    /// What went wrong, for people; of a refusal, what the server said.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Server(said) => said.error.as_deref().unwrap_or_default(),
            Self::Unreachable(sentence) | Self::UnexpectedAnswer(sentence) | Self::Storage(sentence) => {
                sentence
            }
            Self::LoggedOut => LOGGED_OUT,
            Self::Usage(sentence) => sentence,
        }
    }

    /// The code the server gave, such as `APIKeyNotFound`, if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Server(said) => said.code.as_deref(),
            _ => None,
        }
    }

    /// The HTTP status, if the server refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Server(said) => Some(said.status),
            _ => None,
        }
    }
}

/// What [`Error::LoggedOut`] says.
pub const LOGGED_OUT: &str = "The user is logged out. Log in again.";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(said) => said.fmt(f),
            other => f.write_str(other.sentence()),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request failed ({} {}): ", self.method.as_str(), self.url)?;
        if let Some(error) = &self.error {
            write!(f, "{error} ")?;
        }
        let space = if self.status_text.is_empty() { "" } else { " " };
        write!(f, "(status {}{space}{})", self.status, self.status_text)
    }
}

impl std::error::Error for Error {}
impl std::error::Error for ServerError {}
