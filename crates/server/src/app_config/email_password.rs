//! The configuration of `local-userpass` (protocol §5).

use super::functions::FunctionNames;
use super::object::Object;
use super::report::Report;
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

/// Reads the provider's `config`.
pub(super) fn read(
    config: &mut Object<'_>,
    functions: &FunctionNames,
    report: &mut Report,
) -> Option<EmailPasswordConfig> {
    let confirmation = confirmation(config, functions, report);
    let reset = reset(config, functions, report);
    Some(EmailPasswordConfig { confirmation: confirmation?, reset })
}

fn confirmation(
    config: &mut Object<'_>,
    functions: &FunctionNames,
    report: &mut Report,
) -> Option<Confirmation> {
    let automatic = config.flag("autoConfirm", report);
    let by_function = config.flag("runConfirmationFunction", report);
    if automatic && by_function {
        let message = "this and autoConfirm exclude each other: set one of them to false";
        config.problem("runConfirmationFunction", message, report);
    }
    let fields = ("confirmationFunctionName", "confirmationFunctionId");
    let function = functions.referred(config, fields, by_function, report);
    let has_url = config.get("emailConfirmationUrl").is_some_and(|url| url != "");
    let mail = mail(config, "emailConfirmationUrl", "confirmEmailSubject", "Confirm your email", report);
    if automatic {
        return Some(Confirmation::Automatic);
    }
    if by_function {
        return function.map(Confirmation::Function);
    }
    if !has_url && !config.is_broken() {
        config.problem("", "set autoConfirm, runConfirmationFunction or emailConfirmationUrl", report);
    }
    mail.map(Confirmation::Mail)
}

fn reset(config: &mut Object<'_>, functions: &FunctionNames, report: &mut Report) -> PasswordReset {
    let by_function = config.flag("runResetFunction", report);
    let fields = ("resetFunctionName", "resetFunctionId");
    let function = functions.referred(config, fields, by_function, report);
    let mail = mail(config, "resetPasswordUrl", "resetPasswordSubject", "Reset your password", report);
    if by_function {
        return function.map_or(PasswordReset::Off, PasswordReset::Function);
    }
    mail.map_or(PasswordReset::Off, PasswordReset::Mail)
}

fn mail(
    config: &mut Object<'_>,
    url_field: &'static str,
    subject_field: &'static str,
    default_subject: &str,
    report: &mut Report,
) -> Option<MailConfig> {
    let subject = config.text(subject_field, report).unwrap_or_else(|| default_subject.into());
    if subject.chars().count() > MAX_SUBJECT_LENGTH || subject.chars().any(char::is_control) {
        config.problem(subject_field, "a mail's subject has at most 256 characters, all on one line", report);
    }
    let url = config.text(url_field, report)?.parse::<Url>().ok().filter(|url| !url.cannot_be_a_base());
    if url.is_none() {
        let message = "this must be the full URL of a page, like https://example.com/confirm";
        config.problem(url_field, message, report);
    }
    Some(MailConfig { url: url?, subject })
}
