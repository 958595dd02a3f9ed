//! What the parent and a worker say to each other: JSON, each message led by its length in four bytes.
//! Who says what when is in `pool::conversation` and `worker`.
//!
//! EJSON that only some calls read travels as text inside a message and is parsed when it is asked for.

use crate::{Failure, HttpRequest, HttpResponse, Limits, LogLine};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::Duration;

/// No message is longer: a worker that says so is out of its mind.
pub(crate) const MAX_FRAME: usize = 64 << 20;

/// How many requests one call may have open.
pub(crate) const MAX_REQUESTS: usize = 25;

#[derive(Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// First of all, and once.
    Setup(Limits),
    /// Replaces the program.
    Program(ProgramText),
    Call(CallText),
    Http {
        id: u64,
        response: Result<HttpResponse, String>,
    },
}

#[derive(Serialize, Deserialize)]
pub(crate) enum FromWorker {
    Http { id: u64, request: HttpRequest },
    Done { value: Value, logs: Vec<LogLine> },
    Failed(Failure),
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct ProgramText {
    pub(crate) app: String,
    pub(crate) environment: String,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) functions: BTreeMap<String, FunctionText>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FunctionText {
    pub(crate) source: String,
    pub(crate) run_as_system: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CallText {
    pub(crate) function: String,
    pub(crate) arguments: String,
    pub(crate) user: Option<String>,
    pub(crate) request: String,
    pub(crate) running_as_system: bool,
    /// What is left of the wall time.
    pub(crate) wall: Duration,
}

/// The bytes of a message.
pub(crate) fn frame<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    // These types have no map keys but strings and no failing serializers, so this cannot fail.
    if serde_json::to_writer(&mut bytes, message).is_err() {
        bytes.truncate(4);
    }
    seal(bytes)
}

/// Writes the length into the first four bytes.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(bytes.len().saturating_sub(4)).unwrap_or(u32::MAX);
    if let Some(first) = bytes.first_chunk_mut() {
        *first = length.to_le_bytes();
    }
    bytes
}

/// The length that the first four bytes give, if it is one.
pub(crate) fn length(first: [u8; 4]) -> io::Result<usize> {
    match usize::try_from(u32::from_le_bytes(first)) {
        Ok(length) if length <= MAX_FRAME => Ok(length),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long")),
    }
}

/// Reads a message. `None` at the end of the stream.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(input: &mut impl Read) -> io::Result<Option<T>> {
    let mut first = [0; 4];
    match input.read_exact(&mut first) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = vec![0; length(first)?];
    input.read_exact(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// A response, or why there is none, as text for the prelude.
pub(crate) fn response_text(response: &Result<HttpResponse, String>) -> String {
    match response {
        Ok(response) => serde_json::to_string(response).unwrap_or_default(),
        Err(message) => message.clone(),
    }
}
