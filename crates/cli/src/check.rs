//! `keystead check`: what there is to say about application folders, without serving them. What is
//! wrong and what is not is the server's to decide.
#![allow(clippy::doc_markdown, reason = "these doc comments are help texts, printed as they are")]

use crate::banner::say;
use crate::options::secrets;
use clap::{Args, ValueEnum};
use keystead_server::app_config::{self, Finding, Report, Source};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) const HELP: &str = "\
Exit codes:
  0  the folders can be served; there may be notices
  1  there are problems
  2  the command line is wrong

With --format json, one list with an object for each folder:
  [{\"folder\": \"./my-app\", \"client_app_id\": \"my-app-abcde\",
    \"problems\": [{\"file\": \"auth/providers.json\", \"path\": \"api-key.type\", \"message\": \"…\"}],
    \"notices\": []}]
The client app id is null if it cannot be read, and the path is empty if a whole file is meant.

Secrets are looked for as `serve` does. One that is not set is a notice, not a problem.";

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct CheckOptions {
    /// App Services application folder
    #[arg(required = true)]
    folder: Vec<PathBuf>,

    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A folder and what there is to say about it.
#[derive(Serialize)]
struct Checked<'f> {
    folder: &'f Path,
    #[serde(flatten)]
    report: Report,
}

/// Checks, says, and answers whether all is well.
pub(crate) fn run(options: &CheckOptions) -> ExitCode {
    let checked = check(&options.folder);
    match options.format {
        Format::Text => checked.iter().for_each(|checked| say(&text(checked))),
        Format::Json => say(&serde_json::to_string_pretty(&checked).unwrap_or_default()),
    }
    let is_clean = checked.iter().all(|checked| checked.report.problems.is_empty());
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(folders: &[PathBuf]) -> Vec<Checked<'_>> {
    let secrets = secrets();
    let mut folder_of: BTreeMap<String, &Path> = BTreeMap::new();
    let mut checked = Vec::new();
    for folder in folders {
        let (_, mut report) = app_config::read(&Source::Folder(folder.clone()), &secrets);
        if let Some(id) = &report.client_app_id
            && let Some(other) = folder_of.insert(id.clone(), folder)
        {
            let message = format!("{} has the client app id {id:?}, too", other.display());
            report.problem("", "", &message);
        }
        checked.push(Checked { folder, report });
    }
    checked
}

/// Each finding on a line of its own, and last how many there are.
fn text(checked: &Checked<'_>) -> String {
    let report = &checked.report;
    let lines = |kind: &str, findings: &[Finding]| {
        findings.iter().map(|finding| line(kind, finding)).collect::<String>()
    };
    format!(
        "{}{}{}{}: {}, {}",
        lines("error", &report.problems),
        lines("notice", &report.notices),
        checked.folder.display(),
        report.client_app_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default(),
        count(report.problems.len(), "problem"),
        count(report.notices.len(), "notice"),
    )
}

fn line(kind: &str, finding: &Finding) -> String {
    let excerpt = finding.excerpt.iter().flat_map(|excerpt| excerpt.lines());
    let excerpt = excerpt.map(|line| format!("    {line}\n"));
    format!("{kind}: {finding}\n{}", excerpt.collect::<String>())
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
