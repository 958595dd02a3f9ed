//! Which server, and as whom: from flags, then the environment, then the file that `keystead login`
//! wrote. Secrets are never flags.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these doc comments are help texts, printed as they are"
)]

use super::config_file::ConfigFile;
use super::exit::Failure;
use clap::Args;
use keystead_protocol::secret::SecretText;
use std::path::{Path, PathBuf};
use url::{Host, Url};

const DEFAULT_URL: &str = "http://localhost:9090";

/// The administrator that a server has when it was not told another.
pub(crate) const DEFAULT_EMAIL: &str = "admin@localhost";

/// What every `--help` says about where the server is and who asks.
macro_rules! connection_help {
    () => {
        "\
Credentials, first of these:
  KEYSTEAD_ADMIN_PUBLIC_KEY and KEYSTEAD_ADMIN_PRIVATE_KEY (or …_PRIVATE_KEY_FILE)
  KEYSTEAD_ADMIN_EMAIL and KEYSTEAD_ADMIN_PASSWORD (or …_PASSWORD_FILE)
  what `keystead login` wrote to ~/.config/keystead/config.toml"
    };
}
pub(crate) use connection_help;

/// The same for every command. The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct ConnectionOptions {
    /// Where the server is [default: what `keystead login` was told, or http://localhost:9090]
    #[arg(long, global = true, env = "KEYSTEAD_URL", help_heading = "Connection")]
    pub(crate) url: Option<String>,

    /// File with the certificate of a private authority that the server's certificate is from
    #[arg(long, global = true, env = "KEYSTEAD_CA_FILE", value_name = "FILE", help_heading = "Connection")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Print what the server answered, as one JSON document; errors, too
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The application that a command is about. The doc comment is the help text.
#[derive(Args, Default)]
pub(crate) struct AppOption {
    /// The application, by its client app id or _id [default: the only one]
    // Not called `app`: what is global is seen by `serve`, too, which has something else of this name.
    #[arg(
        id = "app_id",
        long = "app",
        global = true,
        env = "KEYSTEAD_APP_ID",
        value_name = "APP_ID",
        help_heading = "Connection"
    )]
    pub(crate) app: Option<String>,
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// The administrator of the server's settings.
    Password {
        /// Their address.
        email: String,
        /// Their password.
        password: SecretText,
    },
    /// A pair that `keystead admin-keys create` made.
    KeyPair {
        /// Its name, so to speak.
        public_key: String,
        /// Its secret.
        private_key: SecretText,
    },
}

/// What is needed to ask the server anything.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) url: Url,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) credentials: Credentials,
}

impl ConnectionOptions {
    /// The server and the credentials that are meant.
    pub(crate) fn resolve(&self) -> Result<Connection, Failure> {
        if let Some(credentials) = credentials_of_environment()? {
            // The file may still say where the server is; if it is unusable, it need not.
            let file = if self.url.is_some() { None } else { ConfigFile::read()? };
            return self.with(file.as_ref(), credentials);
        }
        let Some(file) = ConfigFile::read()? else {
            return Err(Failure::Usage(
                "nobody is logged in: run `keystead login`, or set KEYSTEAD_ADMIN_EMAIL and KEYSTEAD_ADMIN_PASSWORD_FILE"
                    .to_owned(),
            ));
        };
        let credentials = file.credentials()?;
        let connection = self.with(Some(&file), credentials)?;
        // Credentials must not be sent to a server that they are not of.
        if connection.url != parse_url(&file.url)? {
            return Err(Failure::Usage(format!(
                "the credentials in {} are of {}, not of {}: run `keystead login --url {}`",
                ConfigFile::path()?.display(),
                file.url,
                connection.url,
                connection.url,
            )));
        }
        Ok(connection)
    }

    fn with(&self, file: Option<&ConfigFile>, credentials: Credentials) -> Result<Connection, Failure> {
        let url = self.url.as_deref().or(file.map(|file| file.url.as_str())).unwrap_or(DEFAULT_URL);
        let ca_file = self.ca_file.clone().or_else(|| file.and_then(|file| file.ca_file.clone()));
        Ok(Connection { url: parse_url(url)?, ca_file, credentials })
    }

    /// The server alone, where the credentials are still to be given.
    pub(crate) fn url(&self) -> Result<Url, Failure> {
        parse_url(self.url.as_deref().unwrap_or(DEFAULT_URL))
    }
}

/// Whether what is sent there can be read on the way.
pub(crate) fn is_readable_on_the_way(url: &Url) -> bool {
    url.scheme() == "http" && !is_this_machine(url)
}

/// Whether the server is on this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let plain = |url: &Url| {
        let is_bare = url.query().is_none() && url.fragment().is_none();
        is_bare && url.username().is_empty() && url.password().is_none()
    };
    let mut url = url
        .filter(plain)
        .ok_or_else(|| Failure::Usage("the URL of the server is like https://auth.example.com".to_owned()))?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn credentials_of_environment() -> Result<Option<Credentials>, Failure> {
    if let Some(public_key) = variable("KEYSTEAD_ADMIN_PUBLIC_KEY") {
        let private_key = secret_variable("KEYSTEAD_ADMIN_PRIVATE_KEY")?.ok_or_else(|| {
            Failure::Usage(
                "KEYSTEAD_ADMIN_PUBLIC_KEY is set, and neither KEYSTEAD_ADMIN_PRIVATE_KEY nor \
                 KEYSTEAD_ADMIN_PRIVATE_KEY_FILE"
                    .to_owned(),
            )
        })?;
        return Ok(Some(Credentials::KeyPair { public_key, private_key }));
    }
    let password = secret_variable("KEYSTEAD_ADMIN_PASSWORD")?;
    let email = || variable("KEYSTEAD_ADMIN_EMAIL").unwrap_or_else(|| DEFAULT_EMAIL.to_owned());
    Ok(password.map(|password| Credentials::Password { email: email(), password }))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secret in the variable, or in the file that the variable with `_FILE` at its end names.
fn secret_variable(name: &str) -> Result<Option<SecretText>, Failure> {
    if let Some(secret) = variable(name) {
        return Ok(Some(secret.into()));
    }
    variable(&format!("{name}_FILE")).map(|file| read_secret(Path::new(&file))).transpose()
}

fn read_secret(file: &Path) -> Result<SecretText, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::Other(format!("the secret file {} cannot be read: {error}", file.display()))
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_of_web_servers_and_hold_no_password() {
        assert_eq!(parse_url("https://a.example").unwrap().as_str(), "https://a.example/");
        assert_eq!(parse_url("https://a.example/base").unwrap().as_str(), "https://a.example/base/");
        for bad in ["a.example", "ftp://a.example", "https://me:secret@a.example", "https://a.example/?x=1"] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_can_be_asked_without_encryption() {
        for (url, expected) in [
            ("http://localhost:9090", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:1", false),
            ("https://a.example", false),
            ("http://a.example", true),
            ("http://10.0.0.1", true),
        ] {
            assert_eq!(is_readable_on_the_way(&parse_url(url).unwrap()), expected, "{url}");
        }
    }
}
