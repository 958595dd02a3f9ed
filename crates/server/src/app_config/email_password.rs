//! The configuration of `local-userpass` (protocol §5).

use super::folder::{Problems, ProviderDocument};
use serde::Deserialize;
use url::Url;

/// How accounts are confirmed and passwords reset.
pub struct EmailPasswordConfig {
    /// How a registration becomes an account.
    pub confirmation: Confirmation,
    /// How a password is reset.
    pub reset: PasswordReset,
}

/// See [`EmailPasswordConfig::confirmation`].
pub enum Confirmation {
    /// At once.
    Automatic,
    /// By a link in a mail.
    Mail(MailConfig),
    /// By a function of this name.
    Function(String),
}

/// See [`EmailPasswordConfig::reset`].
pub enum PasswordReset {
    /// By a link in a mail.
    Mail(MailConfig),
    /// By a function of this name.
    Function(String),
    /// Not at all.
    Off,
}

/// A mail with a link.
pub struct MailConfig {
    /// The page that the link opens; `token` and `tokenId` are added to its query.
    pub url: Url,
    /// The mail's subject.
    pub subject: String,
}

const MAX_SUBJECT_LENGTH: usize = 256;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    auto_confirm: bool,
    email_confirmation_url: Option<String>,
    confirm_email_subject: Option<String>,
    run_confirmation_function: bool,
    confirmation_function_name: Option<String>,
    reset_password_url: Option<String>,
    reset_password_subject: Option<String>,
    run_reset_function: bool,
    reset_function_name: Option<String>,
}

pub(super) fn read(provider: &ProviderDocument, problems: &mut Problems) -> Option<EmailPasswordConfig> {
    let path = "local-userpass.config";
    let document: Document = problems.parse(path, &provider.config)?;
    let function = |problems: &mut Problems, field: &str, name: Option<String>| {
        let name = name.filter(|name| !name.is_empty());
        if name.is_none() {
            problems.add(&format!("{path}.{field}"), "name the function that is to run");
        }
        name
    };
    let confirmation = if document.auto_confirm {
        Confirmation::Automatic
    } else if document.run_confirmation_function {
        let name = document.confirmation_function_name;
        Confirmation::Function(function(problems, "confirmationFunctionName", name)?)
    } else {
        let subject = document.confirm_email_subject;
        let url = document.email_confirmation_url;
        let mail =
            mail(problems, &format!("{path}.emailConfirmationUrl"), url, subject, "Confirm your email");
        let Some(mail) = mail else {
            problems.add(path, "set autoConfirm, runConfirmationFunction or emailConfirmationUrl");
            return None;
        };
        Confirmation::Mail(mail)
    };
    let reset = if document.run_reset_function {
        PasswordReset::Function(function(problems, "resetFunctionName", document.reset_function_name)?)
    } else {
        let subject = document.reset_password_subject;
        let url = document.reset_password_url;
        let mail = mail(problems, &format!("{path}.resetPasswordUrl"), url, subject, "Reset your password");
        mail.map_or(PasswordReset::Off, PasswordReset::Mail)
    };
    Some(EmailPasswordConfig { confirmation, reset })
}

fn mail(
    problems: &mut Problems,
    path: &str,
    url: Option<String>,
    subject: Option<String>,
    default_subject: &str,
) -> Option<MailConfig> {
    let url = url.filter(|url| !url.is_empty())?;
    let url = match url.parse::<Url>() {
        Ok(url) if !url.cannot_be_a_base() => url,
        _ => {
            problems.add(path, "this must be the full URL of a page, like https://example.com/confirm");
            return None;
        }
    };
    let subject = subject.filter(|subject| !subject.is_empty()).unwrap_or_else(|| default_subject.into());
    if subject.chars().count() > MAX_SUBJECT_LENGTH || subject.chars().any(char::is_control) {
        problems.add(path, "the mail's subject may have 256 characters, all on one line");
        return None;
    }
    Some(MailConfig { url, subject })
}
