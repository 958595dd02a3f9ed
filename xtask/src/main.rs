//! The project's own commands. `cargo xtask test` installs what is missing and runs every test; `cargo xtask web` builds
//! the npm package; `cargo xtask dist` builds what is installed; `cargo xtask bench` measures.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to the terminal")]

mod bench;
mod dist;
mod install;
mod run;
mod test;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test              install what tests need and is missing, then run every test:
                    Rust, the real realm-web SDK, the Web SDK in a browser, a real mail server
  web               build the npm package keystead-web in target/npm/keystead-web
  dist              build the program, completions and manual pages in target/dist
  bench             print the table of docs/benchmarks.md (about five minutes, on a quiet machine)
  bench table NAME  only the rows whose name contains NAME
  bench growth [N]  what a login costs with 1,000 and with N (10,000,000) stored keys
  bench passwords   256 clients that log in by password, beside key logins
  bench functions   what calling a function costs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["test"] => test::run(),
        ["web"] => web::run().map(|package| println!("{}", package.display())),
        ["dist"] => dist::run().map(|folder| println!("{}", folder.display())),
        ["bench", ref rest @ ..] => bench::run(rest),
        _ => Err(HELP.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
