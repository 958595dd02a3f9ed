//! `keystead restore`: puts a backup in place, while no server runs.

use crate::banner;
use clap::Args;
use keystead_protocol::secret::SecretText;
use std::path::PathBuf;

/// Shown after the options.
pub(crate) const HELP: &str = "\
The backup is checked first, and nothing is overwritten: a data folder that has a database is refused, and
so is one that a server runs on. The pepper is not in a backup: put the file pepper of the old data folder
beside the database, or set KEYSTEAD_PEPPER, before the server is started.

Examples:
  keystead restore keystead-2026-01-31.backup
  keystead restore --data-dir /var/lib/keystead keystead-2026-01-31.backup";

/// See the module. The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct RestoreOptions {
    /// The backup, as keystead backup wrote it
    file: PathBuf,

    /// Folder in which everything is to be kept [default: ./keystead-data]
    #[arg(long, env = "KEYSTEAD_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

/// Restores, and says what is left to do.
pub(crate) fn run(options: &RestoreOptions) -> Result<(), String> {
    let folder = options.data_dir.clone().unwrap_or_else(|| "./keystead-data".into());
    let pepper = std::env::var("KEYSTEAD_PEPPER").ok().map(SecretText::from);
    let restored = keystead_server::restore(&options.file, &folder, pepper.as_ref());
    let restored = restored.map_err(|error| error.to_string())?;
    banner::say(&format!("The backup is in place: {}", restored.database.display()));
    match restored.pepper_wanted_at {
        None => banner::say("The pepper belongs to it. The server can be started."),
        Some(file) => banner::say(&format!(
            "Before the server is started, put the pepper that belongs to it into {}, or set KEYSTEAD_PEPPER: it is \
             not in a backup, and without it no API key works.",
            file.display()
        )),
    }
    Ok(())
}
