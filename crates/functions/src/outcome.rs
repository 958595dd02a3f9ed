//! How a call can end, and what it wrote to its log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The result, as canonical EJSON.
    pub value: Value,
    /// What the function wrote to its `console`.
    pub logs: Vec<LogLine>,
}

/// A line that a function wrote to its `console`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct LogLine {
    /// How serious it is.
    pub level: LogLevel,
    /// What it says. It may have line breaks.
    pub text: String,
}

/// The method of `console` that wrote a line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub enum LogLevel {
    /// `console.debug`
    Debug,
    /// `console.log` and `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// Why a call has no result.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub enum Failure {
    /// The program has no function of this name.
    NotFound(String),
    /// The function threw, or its promise was rejected, or what it returned is no EJSON.
    Threw {
        /// Like `Error: no such fruit`; a thrown string is the message itself.
        message: String,
        /// What the function wrote to its `console` before.
        logs: Vec<LogLine>,
    },
    /// The call took longer than its wall or CPU time.
    TimeLimit,
    /// The call needed more memory than it may use.
    MemoryLimit,
    /// The result is larger than it may be.
    OutputTooLarge,
    /// The application has too many calls at once, or no worker became free in time.
    Busy,
    /// The worker process ended in the middle of the call.
    Crashed,
    /// There is no worker process, for the reason given.
    WorkerUnavailable(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound(name) => write!(formatter, "function not found: '{name}'"),
            Self::Threw { message, .. } => formatter.write_str(message),
            Self::TimeLimit => formatter.write_str("execution time limit exceeded"),
            Self::MemoryLimit => formatter.write_str("memory limit exceeded"),
            Self::OutputTooLarge => formatter.write_str("the result is too large"),
            Self::Busy => formatter.write_str("too many functions are running"),
            Self::Crashed => formatter.write_str("the function ended its process"),
            Self::WorkerUnavailable(reason) => write!(formatter, "functions cannot be run: {reason}"),
        }
    }
}

impl std::error::Error for Failure {}
