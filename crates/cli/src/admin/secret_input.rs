//! Where secrets come from: asked for without showing them, or standard input. Never from arguments,
//! which every process of the machine can read.

use super::exit::Failure;
use keystead_protocol::secret::SecretText;
use std::io::{IsTerminal as _, Read as _};

/// Nothing that is read here is longer.
const MAX_BYTES: u64 = 1024 * 1024;

/// Asks for the secret on the terminal, or takes it from standard input, without the line end.
pub(crate) fn read(what: &str) -> Result<SecretText, Failure> {
    if std::io::stdin().is_terminal() {
        let secret = rpassword::prompt_password(format!("{what}: "));
        return secret.map(SecretText::from).map_err(|error| unreadable(what, &error));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
    read.map_err(|error| unreadable(what, &error))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret).to_owned();
    drop(SecretText::from(text));
    if secret.is_empty() {
        return Err(Failure::Usage(format!("{what} is empty: give it on standard input")));
    }
    Ok(secret.into())
}

fn unreadable(what: &str, error: &std::io::Error) -> Failure {
    Failure::Other(format!("{what} cannot be read: {error}"))
}
