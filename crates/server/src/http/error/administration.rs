//! What administrators do wrong, with applications and with the server: part of the one table.

use super::{Description, known};
use crate::app_config::definition::Collection;
use crate::error::Error;
use axum::http::StatusCode;
use keystead_protocol::error::ErrorCode;

/// What administrators do wrong with applications (protocol §7).
pub(super) fn describe_configuration(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    let (bad, missing, conflict) = (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::CONFLICT);
    Some(match error {
        Error::AppReadOnly => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "this application comes from a folder, which defines it: change the folder, and have it read again",
        ),
        Error::AppNameInvalid => known(
            bad,
            Code::InvalidParameter,
            "the name of an application has 1 to 32 ASCII letters, digits, underscores and hyphens",
        ),
        Error::ConfigurationInvalid(problems) => known(bad, Code::BadRequest, problems.clone()),
        Error::ItemNotFound(collection) => {
            known(missing, not_found_code(*collection), format!("{} not found", collection.noun()))
        }
        Error::ItemExists(collection) => known(
            conflict,
            exists_code(*collection),
            format!("this {} exists already: change it, or choose another name", collection.noun()),
        ),
        Error::ItemNameMissing => known(bad, Code::MissingParameter, "'name' is a required string"),
        Error::SecretNotFound => known(missing, Code::SecretNotFound, "secret not found"),
        Error::SecretNameTaken => known(
            conflict,
            Code::SecretAlreadyExists,
            "a secret of this name exists: replace it, or choose another name",
        ),
        Error::DraftExists => known(
            conflict,
            Code::DraftAlreadyExists,
            "you have a draft of this application: deploy it or delete it first",
        ),
        Error::DraftNotFound => known(missing, Code::DraftNotFound, "draft not found"),
        Error::DeploymentNotFound => known(missing, Code::DeploymentNotFound, "deployment not found"),
        Error::AddressNotAllowed => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "requests from this address are not allowed: add it to the application's access list",
        ),
        _ => return None,
    })
}

fn not_found_code(collection: Collection) -> ErrorCode {
    match collection {
        Collection::AuthProviders => ErrorCode::AuthProviderNotFound,
        Collection::EnvironmentValues => ErrorCode::EnvironmentValueNotFound,
        Collection::Functions => ErrorCode::FunctionNotFound,
        Collection::IncomingWebhooks => ErrorCode::IncomingWebhookNotFound,
        Collection::Rules | Collection::DefaultRules => ErrorCode::RuleNotFound,
        Collection::Services => ErrorCode::ServiceNotFound,
        Collection::Values => ErrorCode::ValueNotFound,
        _ => ErrorCode::NotFound,
    }
}

fn exists_code(collection: Collection) -> ErrorCode {
    match collection {
        Collection::AuthProviders => ErrorCode::AuthProviderAlreadyExists,
        Collection::EnvironmentValues => ErrorCode::EnvironmentValueAlreadyExists,
        Collection::Functions => ErrorCode::FunctionDuplicateName,
        Collection::IncomingWebhooks => ErrorCode::IncomingWebhookDuplicateName,
        Collection::Rules | Collection::DefaultRules => ErrorCode::RuleAlreadyExists,
        Collection::Services => ErrorCode::ServiceAlreadyExists,
        Collection::Values => ErrorCode::ValueDuplicateName,
        _ => ErrorCode::AlreadyExists,
    }
}

pub(super) fn describe_operation(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    let bad = StatusCode::BAD_REQUEST;
    Some(match error {
        Error::ClaimsImpossible(reason) => {
            known(bad, Code::BadRequest, format!("accounts cannot be claimed by mail: {reason}"))
        }
        Error::ImportTooLong(limit) => known(
            bad,
            Code::BadRequest,
            format!("at most {limit} lines are imported at once: send them in chunks"),
        ),
        Error::HmacKeyInvalid => known(
            bad,
            Code::BadRequest,
            "the key of the HMAC is unusable: it is 16 to 256 bytes in base64, given once",
        ),
        Error::BackupRunning => known(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::MaintenanceInProgress,
            "another backup is being made: try again when it is done",
        ),
        Error::NoSpaceForBackup { needed, free } => known(
            StatusCode::INSUFFICIENT_STORAGE,
            Code::InternalServerError,
            format!(
                "the copy needs up to {needed} bytes in the data folder while it is sent, and {free} are free: make room first"
            ),
        ),
        _ => return None,
    })
}
