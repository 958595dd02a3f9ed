//! `keystead login` and `logout`: keep the credentials of an administrator in a file.

use crate::admin::client::Client;
use crate::admin::config_file::ConfigFile;
use crate::admin::connection::{
    Connection, ConnectionOptions, Credentials, DEFAULT_EMAIL, is_readable_on_the_way,
};
use crate::admin::exit::Failure;
use crate::admin::output::{self, Output};
use crate::admin::secret_input;
use clap::Args;

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct LoginOptions {
    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,

    /// Email address of the administrator [default: admin@localhost]
    #[arg(long, conflicts_with = "public_key")]
    email: Option<String>,

    /// Public key of a pair that `keystead admin-keys create` made
    #[arg(long)]
    public_key: Option<String>,
}

/// Logs in once, and keeps what worked.
pub(crate) async fn log_in(options: &LoginOptions, output: Output) -> Result<(), Failure> {
    let url = options.connection.url()?;
    let ca_file = options.connection.ca_file.clone();
    if is_readable_on_the_way(&url) {
        output::warn(&format!("{url} is not encrypted: everybody on the way can read the password"));
    }
    let read = || -> Result<Credentials, Failure> {
        Ok(match &options.public_key {
            Some(public_key) => Credentials::KeyPair {
                public_key: public_key.clone(),
                private_key: secret_input::read("The private key")?,
            },
            None => Credentials::Password {
                email: options.email.clone().unwrap_or_else(|| DEFAULT_EMAIL.to_owned()),
                password: secret_input::read("The administrator's password")?,
            },
        })
    };
    let client =
        Client::new(Connection { url: url.clone(), ca_file: ca_file.clone(), credentials: read()? })?;
    client.access_token(None).await?;
    let path = ConfigFile::write(url.as_str(), ca_file.as_deref(), client.credentials())?;
    output.remark(&format!("You are logged in to {url}; the credentials are in {}.", path.display()));
    Ok(())
}

/// Forgets them.
pub(crate) fn log_out(output: Output) -> Result<(), Failure> {
    match ConfigFile::delete()? {
        Some(path) => output.remark(&format!("You are logged out; {} is deleted.", path.display())),
        None => output.remark("Nobody was logged in."),
    }
    Ok(())
}
