//! The `keystead` program: parse, run, exit code. `serve` is what it does when told nothing.

mod admin;
mod banner;
mod check;
mod duration;
mod man;
mod options;
mod restore;
mod rotate;
mod serve;

use admin::AdminCommand;
use check::CheckOptions;
use clap::{CommandFactory as _, Parser, Subcommand};
use keystead_server::settings::FUNCTION_WORKER;
use options::ServeOptions;
use restore::RestoreOptions;
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENVIRONMENT: &str = "\
Only in the environment:
  KEYSTEAD_SECRET_<NAME>  a secret of an application, the name in upper case; with _FILE
                          after it, the file that holds the secret
  KEYSTEAD_PEPPER         the secret that API keys are digested with, 64 hexadecimal digits
                          [default: generated into the file pepper of the data folder]";

/// Self-hosted log-in and user API keys for App Services applications.
#[derive(Parser)]
#[command(name = "keystead", version, args_conflicts_with_subcommands = true, after_help = ENVIRONMENT)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Serve applications (this is also what happens without a subcommand).
    ///
    /// Every setting can be given by flag, by environment variable, or in a TOML file, where its name
    /// is the flag's with underscores: `public_url = "https://auth.example.com"`. Flags win over the
    /// environment, and the environment over the file.
    #[command(after_help = ENVIRONMENT)]
    Serve(Box<ServeOptions>),
    /// Say everything that is wrong with application folders, and what is ignored in them.
    #[command(after_help = check::HELP)]
    Check(CheckOptions),
    /// Make new signing keys for all applications now, while the server is stopped.
    ///
    /// Nobody is logged out: tokens that older keys signed stay valid until they expire.
    RotateSigningKeys(Box<ServeOptions>),
    /// Put a backup in place, while the server is stopped.
    #[command(after_help = restore::HELP)]
    Restore(RestoreOptions),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write a manual page for every command.
    #[command(after_help = "Examples:\n  keystead man /usr/local/share/man/man1")]
    Man {
        /// The folder to write them into
        folder: PathBuf,
    },
    #[command(flatten)]
    Admin(AdminCommand),
}

fn main() -> ExitCode {
    // Before anything else: a worker knows nothing of settings, and costs as little as can be.
    if std::env::args_os().nth(1).is_some_and(|first| first == FUNCTION_WORKER) {
        return keystead_functions::worker();
    }
    let arguments = Arguments::parse();
    let result = match arguments.command {
        None => serve::run(arguments.serve),
        Some(Command::Serve(options)) => serve::run(*options),
        Some(Command::Check(options)) => return check::run(&options),
        Some(Command::RotateSigningKeys(options)) => rotate::run(*options),
        Some(Command::Restore(options)) => restore::run(&options),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Arguments::command(), "keystead", &mut std::io::stdout());
            Ok(())
        }
        Some(Command::Man { folder }) => man::write(Arguments::command(), &folder),
        Some(Command::Admin(command)) => return admin::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            banner::complain(&message);
            ExitCode::FAILURE
        }
    }
}
