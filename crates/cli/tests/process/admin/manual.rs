//! Every command in docs/operations.md, as an operator would type it, one after the other.

use crate::contract::write_app;
use crate::support::{Invocation, Process};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What people type when they are asked, whatever for.
const TYPED: &str = "correct horse battery staple";

/// The lines of each block that is marked as `sh`, and on which line it starts.
fn blocks(manual: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in manual.lines().enumerate() {
        match &mut open {
            None if line == "```sh" => open = Some((index + 2, String::new())),
            Some(_) if line == "```" => found.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    found
}

/// The server that the manual starts, with the options that it gives.
fn serve(command: &str, folder: &Path) -> Process {
    let mut words = command.split_whitespace();
    assert_eq!((words.next(), words.next()), (Some("keystead"), Some("serve")), "{command}");
    let words = words.map(|word| word.replace("/var/lib/keystead", "data"));
    Invocation::serve(folder)
        .args(words)
        .env("KEYSTEAD_ADMIN_PASSWORD", TYPED)
        .env("KEYSTEAD_LOGIN_THROTTLE", "20/min")
        .start_ready()
}

#[test]
fn every_command_of_the_manual_works() {
    let manual = include_str!("../../../../../docs/operations.md");
    let folder = TempDir::new().unwrap();
    for name in ["myapp", "another"] {
        write_app(&folder.path().join(name), &format!("{name}-abcde"), &json!({}));
    }
    let mut blocks = blocks(manual);
    let server = serve(&blocks.remove(0).1, folder.path());
    assert!(blocks.len() > 10, "{blocks:?}");

    // One shell, because blocks use what those before them set; each has its own standard input.
    let mut script = "set -euo pipefail\n".to_owned();
    for (line, block) in blocks {
        let block = block.replace("https://auth.example.com", &server.url);
        writeln!(script, "echo 'line {line}:' >&2\n{{\n{block}}} < typed").unwrap();
    }
    std::fs::write(folder.path().join("typed"), TYPED).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_keystead")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYSTEAD_")) {
        shell.env_remove(name);
    }
    let ended = shell
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("HOME", folder.path())
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{stdout}\n{stderr}");
    assert!(!stdout.contains(TYPED) && !stderr.contains(TYPED));
    server.stop();
}
