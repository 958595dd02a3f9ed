//! Why a command did not do what it was asked, and the exit code that says so to scripts.

use serde_json::{Value, json};
use std::process::ExitCode;

/// What every `--help` says about exit codes. A macro, so that help texts can contain it.
macro_rules! exit_codes {
    () => {
        "\
Exit codes:
  0  done
  1  it failed, or problems were found
  2  the command line is wrong, or says too little
  3  the server refused
  4  what was named does not exist
  5  the server cannot be reached, or is too busy"
    };
}
pub(crate) use exit_codes;

/// What a server says of a URL that it has no route for.
const NO_SUCH_ROUTE: &str = "there is nothing at this URL";

/// Why it did not work. The text is a sentence for people.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something else: a file that cannot be written, an answer that cannot be understood.
    Other(String),
    /// The command line leaves open what is meant.
    Usage(String),
    /// The server said no.
    Refused(Answered),
    /// What was named does not exist, as the server says.
    Missing(Answered),
    /// What was named does not exist, as a list of the server shows.
    NotFound(String),
    /// The server cannot be reached, or cannot answer now.
    Unreachable(String),
    /// Problems were found, and have been said.
    Said,
    /// It has been said already; what is left to tell is this exit code.
    Listed(u8),
    /// Whoever reads standard output has stopped reading.
    OutputClosed,
}

/// An error that the server answered with.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// The body, as it came.
    pub(crate) body: Value,
}

impl Answered {
    /// The server's sentence.
    pub(crate) fn message(&self) -> String {
        match self.body["error"].as_str() {
            Some(message) => message.to_owned(),
            None => format!("the server answered with the status {}", self.status),
        }
    }
}

impl Failure {
    /// What the server's error means to a script.
    pub(crate) fn answered(status: u16, body: Value) -> Self {
        let answered = Answered { status, body };
        match status {
            404 if answered.body["error"] == NO_SUCH_ROUTE => Self::Other(
                "the server does not know this command: it is older than this program, or something else"
                    .to_owned(),
            ),
            404 => Self::Missing(answered),
            400..500 => Self::Refused(answered),
            502..505 => Self::Unreachable(answered.message()),
            _ => Self::Other(answered.message()),
        }
    }

    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The same as a number.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Listed(code) => *code,
            Self::OutputClosed => 0,
            Self::Other(_) | Self::Said => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
            Self::Missing(_) | Self::NotFound(_) => 4,
            Self::Unreachable(_) => 5,
        }
    }

    /// The sentence, if there is something left to say.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Other(message)
            | Self::Usage(message)
            | Self::NotFound(message)
            | Self::Unreachable(message) => Some(message.clone()),
            Self::Refused(answered) | Self::Missing(answered) => Some(answered.message()),
            Self::Said | Self::Listed(_) | Self::OutputClosed => None,
        }
    }

    /// The same for programs: the server's own error, if it is one.
    pub(crate) fn document(&self) -> Option<Value> {
        match self {
            Self::Refused(answered) | Self::Missing(answered) if answered.body.is_object() => {
                Some(answered.body.clone())
            }
            _ => self.sentence().map(|sentence| json!({"error": sentence})),
        }
    }
}
