//! `keystead backup`: a copy of the store, whole or not at all.

use super::hex;
use crate::admin::{Context, exit::Failure};
use clap::Args;
use reqwest::{Method, Response};
use sha2::{Digest as _, Sha256};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The doc comment is the help text.
#[derive(Args)]
pub(crate) struct BackupOptions {
    /// Where the copy goes; a file that is there is not overwritten
    file: PathBuf,
}

pub(crate) async fn run(options: &BackupOptions, context: &Context) -> Result<(), Failure> {
    let file = &options.file;
    // Before the server works for it; `persist_noclobber` refuses once more at the end.
    if file.symlink_metadata().is_ok() {
        return Err(exists(file));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritable =
        |error: std::io::Error| Failure::Other(format!("{} cannot be written: {error}", file.display()));
    // Made with the mode 0600, and deleted when this goes wrong.
    let mut copy =
        tempfile::Builder::new().prefix(".keystead-backup-").tempfile_in(folder).map_err(unwritable)?;
    let own = context.client.own();
    let response = context.client.send(own.request(Method::GET, "/backup")).await?;
    let bytes = receive(response, context, |chunk| copy.write_all(chunk).map_err(unwritable)).await?;
    copy.as_file().sync_all().map_err(unwritable)?;
    copy.persist_noclobber(file).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => exists(file),
        _ => unwritable(error.error),
    })?;
    sync_folder(folder).map_err(unwritable)?;
    context.output.remark(&format!(
        "{} holds {bytes} bytes, complete. Without the server's pepper no key in it works: keep that, too, elsewhere.",
        file.display()
    ));
    Ok(())
}

/// Passes the body on, and checks that it is what the server sent.
async fn receive(
    mut response: Response,
    context: &Context,
    mut keep: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let expected = header(SHA256);
    let mut digest = Sha256::new();
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| context.client.unreachable(&error))? {
        digest.update(&chunk);
        bytes += chunk.len() as u64;
        keep(&chunk)?;
    }
    let digest = hex(&digest.finalize());
    match expected {
        Some(expected) if expected.eq_ignore_ascii_case(&digest) => Ok(bytes),
        Some(_) => Err(Failure::Other("the copy arrived damaged, and was deleted: try again".to_owned())),
        None => Err(Failure::Other("the server did not say what the copy's SHA-256 is".to_owned())),
    }
}

/// The header with the SHA-256 of the copy.
const SHA256: &str = "x-keystead-sha256";

fn exists(file: &Path) -> Failure {
    Failure::Other(format!("{} is there already, and a backup overwrites nothing", file.display()))
}

/// So that the name of the file is on disk, as its contents are.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
