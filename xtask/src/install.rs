//! Installing what tests and benchmarks need: Debian, npm and Python packages.

use crate::run::must;
use crate::workspace;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs those Debian packages that are missing.
pub(crate) fn debian(packages: &[&str]) -> Result<(), String> {
    let missing: Vec<_> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(", "));
    must(apt_get().arg("update").arg("-qq"))?;
    must(apt_get().args(["install", "-y", "-qq", "--no-install-recommends", "--no-remove"]).args(&missing))
}

/// Whether all of these Debian packages are installed.
pub(crate) fn has_debian(packages: &[&str]) -> bool {
    packages.iter().all(|package| is_installed(package))
}

/// Installs the npm packages of a folder, exactly as its lock file says.
pub(crate) fn npm(folder: &str) -> Result<(), String> {
    let folder = workspace().join(folder);
    let modified = |file: &str| folder.join(file).metadata().and_then(|metadata| metadata.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(());
    }
    println!("installing npm packages in {}", folder.display());
    must(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))
}

/// Installs the Python packages that a folder requires into an environment of its own, and returns its interpreter.
pub(crate) fn python(folder: &str) -> Result<PathBuf, String> {
    let folder = workspace().join(folder);
    let (environment, requirements) = (folder.join(".venv"), folder.join("requirements.txt"));
    let interpreter = environment.join("bin/python");
    // Written last, so that an installation that was broken off is begun anew.
    let done = environment.join("installed");
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if modified(&done).is_some() && modified(&done) >= modified(&requirements) {
        return Ok(interpreter);
    }
    println!("installing Python packages in {}", folder.display());
    must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    must(
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&requirements),
    )?;
    std::fs::write(&done, "").map_err(|error| format!("{}: {error}", done.display()))?;
    Ok(interpreter)
}

/// Whether a program can be started by this name.
pub(crate) fn is_on_path(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn is_installed(package: &str) -> bool {
    let status = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output();
    status.is_ok_and(|output| output.stdout == b"installed")
}

fn apt_get() -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
