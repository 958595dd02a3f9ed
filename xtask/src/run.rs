//! Running other programs.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// Runs a command that must succeed.
pub(crate) fn must(command: &mut Command) -> Result<(), String> {
    let name = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{name} does not run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed: {status}")) }
}

/// Runs a command that must succeed, and answers what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = format!("{command:?}");
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("{name} does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{name} wrote no text: {error}"))
}

/// Runs a command, shows what it writes to standard output as it comes, and gives each line to
/// `read`. Returns whether it succeeded.
pub(crate) fn watch(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool, String> {
    let name = format!("{command:?}");
    let failed = |error: std::io::Error| format!("{name} does not run: {error}");
    let mut process = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(output) = process.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.map_err(failed)?;
            println!("{line}");
            read(&line);
        }
    }
    Ok(process.wait().map_err(failed)?.success())
}
