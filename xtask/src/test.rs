//! `cargo xtask test`: every test, and one summary.

use crate::run::{must, watch};
use crate::{install, web, workspace};
use std::path::Path;
use std::process::Command;

/// A mail server, a tool that makes certificates, a browser.
const DEBIAN_PACKAGES: &[&str] = &["exim4-daemon-light", "openssl", "chromium"];
/// What sends generated requests to every operation that the server describes.
const OPENAPI: &str = "conformance/openapi";
const NPM_FOLDERS: &[&str] = &["conformance/realm-web", "crates/web-sdk/tests"];

/// What node runs: a folder, and what is loaded before each of its suites.
const NODE_SUITES: &[(&str, &[&str])] = &[
    ("conformance/realm-web", &[]),
    ("conformance/realm-web", &["--import", "./as-keystead-web.mjs"]),
    ("crates/web-sdk/tests", &[]),
];

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// Runs everything, also after a failure, and fails if anything did.
pub(crate) fn run() -> Result<(), String> {
    install::debian(DEBIAN_PACKAGES)?;
    if !install::is_on_path("npm") {
        install::debian(&["nodejs", "npm"])?;
    }
    for folder in NPM_FOLDERS {
        install::npm(folder)?;
    }
    if !has_python_environments() {
        install::debian(&["python3-venv"])?;
    }
    let python = install::python(OPENAPI)?;
    let mut tally = Tally::default();
    rust(&mut tally)?;
    must(cargo().args(["build", "--package", "keystead"]))?;
    web::run()?;
    for (folder, options) in NODE_SUITES {
        node(folder, options, &mut tally)?;
    }
    openapi(&python, &mut tally)?;
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 {
        return Err("some tests failed".into());
    }
    if tally.passed == 0 { Err("no test ran".into()) } else { Ok(()) }
}

fn rust(tally: &mut Tally) -> Result<(), String> {
    let before = tally.failed;
    let succeeded = watch(cargo().args(["test", "--workspace", "--no-fail-fast"]), |line| {
        // "test result: ok. 12 passed; 0 failed; 0 ignored; …"
        if let Some(result) = line.strip_prefix("test result: ") {
            tally.passed += number_before(result, " passed");
            tally.failed += number_before(result, " failed");
        }
    })?;
    // A test that does not compile, or that ends its process, is not counted by anybody else.
    if !succeeded && tally.failed == before {
        tally.failed += 1;
    }
    Ok(())
}

fn node(folder: &str, options: &[&str], tally: &mut Tally) -> Result<(), String> {
    println!("\n{folder} {}", options.join(" "));
    let before = tally.failed;
    let mut command = Command::new("node");
    command.args(options).args(["--test", "--test-reporter=tap"]).current_dir(workspace().join(folder));
    let succeeded = watch(&mut command, |line| {
        let count = |prefix: &str| line.strip_prefix(prefix).and_then(|number| number.parse().ok());
        tally.passed += count("# pass ").unwrap_or(0);
        tally.failed += count("# fail ").unwrap_or(0) + count("# cancelled ").unwrap_or(0);
    })?;
    if !succeeded && tally.failed == before {
        tally.failed += 1;
    }
    Ok(())
}

/// Whether Python is there with what makes environments; some systems have one without the other.
fn has_python_environments() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .status()
        .is_ok_and(|status| status.success())
}

fn openapi(python: &Path, tally: &mut Tally) -> Result<(), String> {
    println!("\n{OPENAPI}");
    let before = tally.failed;
    let mut command = Command::new(python);
    command
        .args(["-m", "pytest", "--quiet", "--tb=short", "--color=no"])
        .current_dir(workspace().join(OPENAPI));
    let succeeded = watch(&mut command, |line| {
        // "3 failed, 140 passed in 60.00s"
        if line.contains(" passed") || line.contains(" failed") && line.contains(" in ") {
            tally.passed += number_before(line, " passed");
            tally.failed += number_before(line, " failed");
        }
    })?;
    if !succeeded && tally.failed == before {
        tally.failed += 1;
    }
    Ok(())
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// The number that stands before `word`.
fn number_before(text: &str, word: &str) -> u64 {
    let number = text.find(word).map(|end| &text[..end]);
    let number = number.and_then(|text| text.rsplit([' ', '.', ';']).next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn results_are_read_as_cargo_writes_them() {
        let line = "FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!((number_before(line, " passed"), number_before(line, " failed")), (12, 3));
        assert_eq!(number_before("nothing", " passed"), 0);
    }
}
