//! `~/.config/keystead/config.toml`: the server and the credentials that `keystead login` was given.
//! Nobody but its owner may read it, and if somebody may, it is not used.

use super::connection::Credentials;
use super::exit::Failure;
use keystead_protocol::secret::SecretText;
use serde::Deserialize;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
    email: Option<String>,
    password: Option<SecretText>,
    public_key: Option<String>,
    private_key: Option<SecretText>,
}

impl ConfigFile {
    /// Where it is: below `XDG_CONFIG_HOME`, or `~/.config`.
    pub(crate) fn path() -> Result<PathBuf, Failure> {
        let configured = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let folder = configured
            .filter(|folder| folder.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .ok_or_else(|| Failure::Usage("neither XDG_CONFIG_HOME nor HOME is set".to_owned()))?;
        Ok(folder.join("keystead/config.toml"))
    }

    /// The file, if there is one.
    pub(crate) fn read() -> Result<Option<Self>, Failure> {
        // Without a home there is no file.
        let Ok(path) = Self::path() else { return Ok(None) };
        let unreadable =
            |error: std::io::Error| Failure::Other(format!("{} cannot be read: {error}", path.display()));
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error)),
        };
        check_is_private(&path, &file.metadata().map_err(unreadable)?)?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text).map_err(unreadable)?;
        // What the parser says may quote the line, and with it a secret.
        toml::from_str(&text).map(Some).map_err(|_| {
            Failure::Other(format!("{} is malformed: run `keystead login` again", path.display()))
        })
    }

    /// The credentials in it.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let copy = |secret: &SecretText| SecretText::from(secret.expose().to_owned());
        match (&self.public_key, &self.private_key, &self.email, &self.password) {
            (Some(public_key), Some(private_key), _, _) => {
                Ok(Credentials::KeyPair { public_key: public_key.clone(), private_key: copy(private_key) })
            }
            (_, _, Some(email), Some(password)) => {
                Ok(Credentials::Password { email: email.clone(), password: copy(password) })
            }
            _ => {
                Err(Failure::Usage("the configuration file has no credentials: run `keystead login`".into()))
            }
        }
    }

    /// Writes it whole or not at all, readable by its owner alone, and says where.
    pub(crate) fn write(
        url: &str,
        ca_file: Option<&Path>,
        credentials: &Credentials,
    ) -> Result<PathBuf, Failure> {
        let mut table = toml::Table::new();
        let mut set = |name: &str, value: &str| table.insert(name.to_owned(), value.into());
        set("url", url);
        if let Some(file) = ca_file {
            let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            set("ca_file", &absolute.to_string_lossy());
        }
        match credentials {
            Credentials::Password { email, password } => {
                set("email", email);
                set("password", password.expose());
            }
            Credentials::KeyPair { public_key, private_key } => {
                set("public_key", public_key);
                set("private_key", private_key.expose());
            }
        }
        let path = Self::path()?;
        let unwritable =
            |error: std::io::Error| Failure::Other(format!("{} cannot be written: {error}", path.display()));
        let folder = path.parent().unwrap_or(Path::new("."));
        make_private_folder(folder).map_err(unwritable)?;
        // Made with the mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        file.write_all(table.to_string().as_bytes()).map_err(unwritable)?;
        file.as_file().sync_all().map_err(unwritable)?;
        file.persist(&path).map_err(|error| unwritable(error.error))?;
        Ok(path)
    }

    /// Deletes it, and says where it was, if it was there.
    pub(crate) fn delete() -> Result<Option<PathBuf>, Failure> {
        let path = Self::path()?;
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(Some(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::Other(format!("{} cannot be deleted: {error}", path.display()))),
        }
    }
}

#[cfg(unix)]
fn check_is_private(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let for_others = metadata.permissions().mode() & 0o077;
    if for_others == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Other(format!(
        "others may read {path}, which holds credentials: run `chmod 600 {path}`, and change the credentials"
    )))
}

#[cfg(not(unix))]
fn check_is_private(_: &Path, _: &std::fs::Metadata) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
