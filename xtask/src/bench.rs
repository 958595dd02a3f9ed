//! `cargo xtask bench`.

use crate::run::must;
use crate::{install, workspace};
use std::process::Command;

/// Builds for release, and measures.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    install::debian(&["wrk"])?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--package", "keystead", "--package", "keystead-bench"]);
    must(build.current_dir(workspace()))?;
    let program = workspace().join("target/release/keystead-bench");
    must(Command::new(program).args(arguments).current_dir(workspace()))
}
