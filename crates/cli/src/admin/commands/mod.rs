//! The commands, one file for each noun.

pub(crate) mod admin_keys;
pub(crate) mod apps;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod doctor;
pub(crate) mod functions;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod pending;
pub(crate) mod providers;
pub(crate) mod secrets;
pub(crate) mod sessions;
pub(crate) mod users;

use super::exit::Failure;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// The one of these that has this name or `_id`.
fn named<'v>(items: &'v [Value], what: &str, name: &str) -> Result<&'v Value, Failure> {
    let found = items.iter().find(|item| item["_id"] == name || item["name"] == name);
    found.ok_or_else(|| Failure::NotFound(format!("there is no {what} {name}")))
}

/// The `_id` of something that the API showed.
fn id(item: &Value) -> &str {
    item["_id"].as_str().unwrap_or_default()
}

/// The text of a file, or of standard input if it is called `-`.
fn read_text(file: &Path) -> Result<String, Failure> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    text.map_err(|error| Failure::Other(format!("{} cannot be read: {error}", file.display())))
}

/// The JSON in a text that `what` gave.
fn parse_json(what: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Usage(format!("{what} is no JSON: {error}")))
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes everything that is written into it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
