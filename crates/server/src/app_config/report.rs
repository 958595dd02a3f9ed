//! What there is to say about an application folder: problems, which keep it from being served, and
//! notices, which do not. Deciding which is which is the business of who reads.

use serde::Serialize;
use std::fmt;

/// Longer texts come from hostile folders, and help nobody.
const MAX_TEXT: usize = 500;

/// Something to know about a place in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the folder.
    pub file: String,
    /// The place in it, as a path of members; empty for the file as a whole.
    pub path: String,
    /// What is the matter and what to do. One line, without any secret.
    pub message: String,
    /// The line of the file, where that helps.
    #[serde(skip)]
    pub excerpt: Option<String>,
}

impl Finding {
    /// At `path` of `file`.
    pub fn new(file: &str, path: &str, message: &str) -> Self {
        Self { file: one_line(file), path: one_line(path), message: one_line(message), excerpt: None }
    }
}

/// What a folder calls its things is shown, and must not break out of its line.
fn one_line(text: &str) -> String {
    let mut line: String =
        text.chars().take(MAX_TEXT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        line.push('…');
    }
    line
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in [&self.file, &self.path] {
            if !place.is_empty() {
                write!(f, "{place}: ")?;
            }
        }
        f.write_str(&self.message)
    }
}

/// All there is to say about a folder.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whose folder it is, if that can be read.
    pub client_app_id: Option<String>,
    /// What must be mended.
    pub problems: Vec<Finding>,
    /// What the operator should know.
    pub notices: Vec<Finding>,
}

impl Report {
    /// Adds a problem.
    pub fn problem(&mut self, file: &str, path: &str, message: &str) {
        self.problems.push(Finding::new(file, path, message));
    }

    /// Adds a notice.
    pub fn notice(&mut self, file: &str, path: &str, message: &str) {
        self.notices.push(Finding::new(file, path, message));
    }
}

/// Why an application cannot be served: at least one problem.
#[derive(Debug)]
pub struct Problems {
    /// In the order in which they were found.
    pub found: Vec<Finding>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_folder_calls_its_things_stays_on_one_short_line() {
        let finding = Finding::new("a", "b\nerror: forged\u{1b}[2J", &"x".repeat(10_000));
        let line = finding.to_string();
        assert!(!line.contains(['\n', '\u{1b}']) && line.chars().count() < 1_000, "{line}");
    }
}
