//! `cargo xtask dist`: what is installed on a machine, in one folder: the program, completions for shells and
//! manual pages. The program writes the latter two itself, from the texts of its help.

use crate::run::{must, output};
use crate::workspace;
use std::path::PathBuf;
use std::process::Command;

/// Shells, and the names under which they look for completions.
const COMPLETIONS: &[(&str, &str)] =
    &[("bash", "keystead.bash"), ("zsh", "_keystead"), ("fish", "keystead.fish")];

/// Builds it, and answers with the folder.
pub(crate) fn run() -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    must(Command::new(cargo).args(["build", "--release", "--package", "keystead"]).current_dir(workspace()))?;
    let folder = workspace().join("target/dist");
    let unwritable = |error: std::io::Error| format!("{} cannot be written: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(unwritable)?;
    }
    std::fs::create_dir_all(folder.join("completions")).map_err(unwritable)?;
    let program = folder.join("keystead");
    std::fs::copy(workspace().join("target/release/keystead"), &program).map_err(unwritable)?;
    must(Command::new(&program).arg("man").arg(folder.join("man")))?;
    for (shell, name) in COMPLETIONS {
        let script = output(Command::new(&program).args(["completions", shell]))?;
        std::fs::write(folder.join("completions").join(name), script).map_err(unwritable)?;
    }
    Ok(folder)
}
