//! JSON lines: one object a line, read one by one. What is wrong with a line is said without what is in
//! it, as there may be hashes in it, or passwords in the wrong place.

use crate::error::Error;
use keystead_protocol::id::ObjectId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A line that is not empty.
pub(super) struct Line<T> {
    /// From 1, empty ones counted.
    pub(super) number: usize,
    /// What it says, or what is wrong with it.
    pub(super) document: Result<T, Unreadable>,
}

/// Why a line cannot be read, and the ids in it, as far as they can.
pub(super) struct Unreadable {
    pub(super) reason: String,
    pub(super) ids: Ids,
}

/// By which a line is recognised.
#[derive(Default, Deserialize)]
pub(super) struct Ids {
    #[serde(rename = "_id", default)]
    pub(super) id: Option<ObjectId>,
    #[serde(default)]
    pub(super) user_id: Option<ObjectId>,
}

/// Reads a chunk of at most `limit` lines, from line `first` on.
///
/// # Errors
/// It has more.
pub(super) fn read<T: DeserializeOwned>(
    body: &[u8],
    first: usize,
    limit: usize,
) -> Result<Vec<Line<T>>, Error> {
    let lines: Vec<_> = split(body).filter(|(number, _)| *number >= first).take(limit + 1).collect();
    if lines.len() > limit {
        return Err(Error::ImportTooLong(limit));
    }
    let read = |(number, line)| Line { number, document: parse(line) };
    Ok(lines.into_iter().map(read).collect())
}

/// The lines that are not empty, with their numbers.
pub(super) fn split(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
    lines.filter(|(_, line)| !line.is_empty()).map(|(index, line)| (index + 1, line))
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Unreadable> {
    // serde would also fill a struct from a list, member by member.
    let read = if line.first() == Some(&b'{') {
        serde_json::from_slice(line).map_err(|error| reason(&error))
    } else {
        Err("the line is no JSON object".to_owned())
    };
    read.map_err(|reason| Unreadable { reason, ids: serde_json::from_slice(line).unwrap_or_default() })
}

/// What is wrong, without the value that serde would quote. Names of members are no secrets.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    for (start, end) in
        [("missing field", " at line"), ("duplicate field", " at line"), ("unknown field", ", expected")]
    {
        if message.starts_with(start) {
            return message.split(end).next().unwrap_or(start).to_owned();
        }
    }
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("a value of another type is expected at column {}", error.column())
        }
        _ => format!("malformed JSON at column {}", error.column()),
    }
}
