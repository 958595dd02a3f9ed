//! Application folders: what is read from each layout, and what is said about each mistake.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers fail the test they serve"
)]

mod complete;
mod corpus;
mod hostile;
mod reload;

use keystead_server::app_config::{self, AppConfig, Report, Secrets, Source};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The secret that the environment has in all of these tests.
const FROM_ENVIRONMENT: &str = "planted-secret-of-the-environment-0123456789";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn read(folder: &Path) -> (Option<AppConfig>, Report) {
    let variable = (Secrets::variable("fromEnvironment"), FROM_ENVIRONMENT.to_owned());
    app_config::read(&Source::Folder(folder.to_owned()), &Secrets::from_variables([variable]))
}

/// The report as text, a line or more for each finding.
fn text(report: &Report) -> String {
    let mut text = String::new();
    for (kind, findings) in [("error", &report.problems), ("notice", &report.notices)] {
        for finding in findings {
            writeln!(text, "{kind}: {finding}").unwrap();
            for line in finding.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
                writeln!(text, "    {}", line.trim_end()).unwrap();
            }
        }
    }
    text
}
