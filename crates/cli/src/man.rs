//! `keystead man`: a page for every command, from the same texts as `--help`.

use clap::Command;
use std::path::Path;

/// Writes `keystead.1`, `keystead-serve.1`, `keystead-users-list.1`, … into the folder.
pub(crate) fn write(program: Command, folder: &Path) -> Result<(), String> {
    let unwritable = |error: std::io::Error| format!("{} cannot be written: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    clap_mangen::generate_to(program.disable_help_subcommand(true), folder).map_err(unwritable)
}
