//! What commands say: tables for people, the API's own JSON for programs. What was asked for goes to
//! standard output, and everything else to standard error, so that output can be captured.
#![expect(clippy::print_stderr, reason = "this is where people are spoken to")]

use super::exit::Failure;
use comfy_table::{Table, presets};
use serde_json::Value;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// How to speak.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// As JSON, or for people.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads this.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A list: what the API answered, or a table with these columns and what `row` shows of each.
    pub(crate) fn list<const N: usize>(
        self,
        items: &[Value],
        columns: [&str; N],
        row: impl Fn(&Value) -> [String; N],
    ) -> Result<(), Failure> {
        if self.json {
            return document(&Value::Array(items.to_vec()));
        }
        if items.is_empty() {
            self.remark("There are none.");
            return Ok(());
        }
        write(&table(columns, items.iter().map(row)))
    }

    /// One thing: what the API answered, or its members, a line for each.
    pub(crate) fn object(self, object: &Value) -> Result<(), Failure> {
        if self.json {
            return document(object);
        }
        let mut table = plain_table();
        for (name, value) in object.as_object().into_iter().flatten() {
            let value = if name.ends_with("_date") || name.ends_with("_at") || name.starts_with("last_") {
                time(value)
            } else {
                text(value)
            };
            table.add_row([printable(name), printable(&value)]);
        }
        write(&trimmed(&table))
    }

    /// What was asked for, alone on its line, so that a shell can keep it; or what the API answered.
    pub(crate) fn result(self, answer: &Value, wanted: &str) -> Result<(), Failure> {
        if self.json { document(answer) } else { write(wanted) }
    }

    /// That something was done, for people.
    pub(crate) fn remark(self, message: &str) {
        if !self.json {
            eprintln!("{}", printable(message));
        }
    }

    /// Why it did not work.
    pub(crate) fn fail(self, failure: &Failure) {
        if self.json {
            if let Some(document) = failure.document() {
                eprintln!("{document}");
            }
        } else if let Some(sentence) = failure.sentence() {
            let sentence = printable(&sentence);
            if is_coloured(&std::io::stderr()) {
                eprintln!("\x1b[31mkeystead:\x1b[0m {sentence}");
            } else {
                eprintln!("keystead: {sentence}");
            }
        }
    }
}

/// A document for programs.
pub(crate) fn document(document: &Value) -> Result<(), Failure> {
    write(&serde_json::to_string_pretty(document).unwrap_or_default())
}

/// A line of what was asked for.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(&printable(text))
}

/// What must be said whoever reads.
pub(crate) fn warn(message: &str) {
    eprintln!("keystead: {}", printable(message));
}

/// Writes lines to standard output. That nobody reads any more ends the command quietly.
fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::Other(format!("standard output cannot be written: {error}")),
    })
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

fn table<const N: usize>(columns: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = plain_table();
    table.set_header(columns.map(str::to_uppercase));
    table.add_rows(rows.map(|row| row.map(|cell| printable(&cell))));
    let lines = trimmed(&table);
    match lines.split_once('\n') {
        Some((header, rows)) if is_coloured(&std::io::stdout()) => {
            format!("\x1b[1m{header}\x1b[0m\n{rows}")
        }
        _ => lines,
    }
}

/// The lines without the spaces around them.
fn trimmed(table: &Table) -> String {
    let lines = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn is_coloured(stream: &impl std::io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether a person sees what is said on standard error.
pub(crate) fn is_on_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Text of users without what would steer a terminal.
fn printable(text: &str) -> String {
    let escaped = |character: char| {
        let is_safe = !character.is_control() || character == '\n';
        if is_safe { character.to_string() } else { character.escape_default().to_string() }
    };
    text.chars().map(escaped).collect()
}

/// A JSON value as people write it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// Seconds since 1970 as people write them, in UTC.
pub(crate) fn time(value: &Value) -> String {
    match value.as_u64() {
        None | Some(0) => "-".to_owned(),
        Some(seconds) => {
            let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds));
            time.map_or_else(|| seconds.to_string(), rfc3339)
        }
    }
}

fn rfc3339(time: std::time::SystemTime) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    // Fails for years after 9999.
    match write!(text, "{}", humantime::format_rfc3339_seconds(time)) {
        Ok(()) => text,
        Err(_) => "-".to_owned(),
    }
}

/// Whether something works, as people say it.
pub(crate) fn state(value: &Value) -> String {
    match value["disabled"].as_bool() {
        Some(true) => "disabled".to_owned(),
        Some(false) => "enabled".to_owned(),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\u{9b}b\r"), "a\\u{1b}[31m\\u{9b}b\\r");
        assert_eq!(printable("ünïcode"), "ünïcode");
    }

    #[test]
    fn times_are_shown_as_dates() {
        assert_eq!(time(&json!(1_793_491_200)), "2026-11-01T00:00:00Z");
        assert_eq!(time(&json!(0)), "-");
        assert_eq!(time(&Value::Null), "-");
        time(&json!(u64::MAX));
    }
}
