//! What each error looks like to a client: the one table of statuses, codes and sentences
//! (protocol §3.3). SDKs and their tests compare these strings, so they are not to be improved.

mod administration;

use crate::error::Error;
use crate::store::StoreError;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use keystead_protocol::error::{ErrorBody, ErrorCode};
use keystead_protocol::id::RequestId;
use keystead_protocol::session::TokenType;
use std::borrow::Cow;
use std::sync::Arc;

/// An error on its way out. The edge of the server turns it into a body, because only there the
/// request id is known.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

/// The answer for `error`; headers of `draft` are kept.
pub(super) fn error_response(error: &Error, public_url: &str, id: RequestId, draft: &Response) -> Response {
    let (status, error_code, message) = describe(error);
    let body = ErrorBody {
        error: message.into_owned(),
        error_code,
        link: Some(format!("{public_url}/logs?co_id={id}")),
    };
    let mut response = (status, Json(body)).into_response();
    for (name, value) in draft.headers() {
        response.headers_mut().entry(name).or_insert(value.clone());
    }
    let retry_after = match error {
        Error::Throttled(wait) | Error::Busy(wait) => Some(wait.as_secs().max(1)),
        Error::Store(StoreError::Busy | StoreError::Closed) => Some(5),
        Error::BackupRunning => Some(60),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(error, Error::BodyTooLarge(_) | Error::BodyIncomplete | Error::TimedOut) {
        // The rest of the body is not going to be read.
        response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    }
    response
}

/// The code and the sentence of an error.
pub(super) fn told(error: &Error) -> (Option<ErrorCode>, String) {
    let (_, code, message) = describe(error);
    (code, message.into_owned())
}

type Description = (StatusCode, Option<ErrorCode>, Cow<'static, str>);

fn describe(error: &Error) -> Description {
    describe_login(error)
        .or_else(|| describe_function(error))
        .or_else(|| describe_token(error))
        .or_else(|| describe_api_key(error))
        .or_else(|| describe_email_account(error))
        .or_else(|| administration::describe_configuration(error))
        .or_else(|| administration::describe_operation(error))
        .or_else(|| describe_request(error))
        .unwrap_or_else(|| {
            let message = "internal error: the operator finds it in the log by the co_id of the link";
            known(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::InternalServerError, message)
        })
}

fn known(status: StatusCode, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Description {
    (status, Some(code), message.into())
}

/// Some errors of the protocol have no code, and SDKs depend on its absence.
fn uncoded(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Description {
    (status, None, message.into())
}

fn describe_login(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    Some(match error {
        Error::AppNotFound(id) => {
            uncoded(StatusCode::NOT_FOUND, format!("cannot find app using Client App ID '{id}'"))
        }
        Error::ProviderUnavailable(provider) => known(
            StatusCode::UNAUTHORIZED,
            Code::AuthProviderNotFound,
            format!("unauthorized: authentication provider '{provider}' is not enabled"),
        ),
        Error::InvalidPassword => known(StatusCode::UNAUTHORIZED, Code::InvalidPassword, "unauthorized"),
        Error::NotConfirmed | Error::InvalidApiKey | Error::InvalidCustomToken(_) => {
            known(StatusCode::UNAUTHORIZED, Code::AuthError, "unauthorized")
        }
        Error::UserDisabled => known(StatusCode::UNAUTHORIZED, Code::UserDisabled, "user disabled"),
        Error::AuthFunctionRefused(message) => {
            known(StatusCode::UNAUTHORIZED, Code::AuthError, message.clone())
        }
        // A 401 that says exactly "unauthorized" makes realm-web refresh and try again for ever
        // when it comes as the answer to a link (protocol §0.11), so these say more.
        Error::LinkCredentialRefused(cause) => {
            let (status, code, message) = describe(cause);
            let message: Cow<'static, str> = match &*message {
                "unauthorized" => "unauthorized: the credential to link was refused".into(),
                _ => message,
            };
            (status, code, message)
        }
        Error::LinkOwnedByAnother => known(
            StatusCode::UNAUTHORIZED,
            Code::AuthError,
            "unauthorized: a user already exists with the specified provider",
        ),
        Error::LinkSecondEmail => known(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::AuthError,
            "unauthorized: linking a local-userpass identity is not allowed when one is already linked",
        ),
        Error::LinkImpossible => {
            known(StatusCode::BAD_REQUEST, Code::InvalidParameter, "invalid user link request")
        }
        _ => return None,
    })
}

fn describe_function(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    let bad = StatusCode::BAD_REQUEST;
    Some(match error {
        Error::FunctionNotFound(name) => {
            known(StatusCode::NOT_FOUND, Code::FunctionNotFound, format!("function not found: '{name}'"))
        }
        Error::ServiceNotFound(name) => {
            known(StatusCode::NOT_FOUND, Code::ServiceNotFound, format!("service not found: '{name}'"))
        }
        Error::FunctionPrivate(name) => known(
            StatusCode::FORBIDDEN,
            Code::NotCallable,
            format!("the function '{name}' is private: clients cannot call it"),
        ),
        Error::RuleNotMatched(name) => {
            known(bad, Code::FunctionExecutionError, format!("rule not matched for function \"{name}\""))
        }
        Error::FunctionFailed(message) => known(bad, Code::FunctionExecutionError, message.clone()),
        Error::FunctionTimeLimit => {
            known(bad, Code::ExecutionTimeLimitExceeded, "execution time limit exceeded")
        }
        _ => return None,
    })
}

fn describe_token(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    let refused = StatusCode::UNAUTHORIZED;
    Some(match error {
        Error::NotAuthenticated => uncoded(refused, "must authenticate first"),
        Error::EmptyBearer => uncoded(refused, "expected Authorization header with JWT (Bearer schema)"),
        Error::TokenForged(TokenType::Access) | Error::TokenMalformed(TokenType::Access) => {
            uncoded(refused, "unauthorized")
        }
        Error::TokenForged(TokenType::Refresh) => uncoded(refused, "signature is invalid"),
        Error::TokenMalformed(TokenType::Refresh) => uncoded(refused, "refresh token is malformed"),
        Error::TokenOfWrongType(wanted) => {
            uncoded(refused, format!("invalid {} token: incorrect token type", wanted.as_str()))
        }
        Error::TokenExpired(token_type) => known(
            refused,
            Code::InvalidSession,
            format!("invalid session: {} token expired", token_type.as_str()),
        ),
        Error::SessionEnded => {
            known(refused, Code::InvalidSession, "invalid session: failed to find refresh token")
        }
        Error::TokenOfAnotherApp => known(
            StatusCode::FORBIDDEN,
            Code::UserAppDomainMismatch,
            "the token belongs to another application",
        ),
        Error::AdminKeyRefused => uncoded(
            refused,
            "failed to authenticate with MongoDB Cloud API: You are not authorized for this resource.",
        ),
        Error::AdminKeyAppUnknown(id) => known(
            StatusCode::BAD_REQUEST,
            Code::InvalidParameter,
            format!("there is no application '{id}': 'apps' takes the _id of each, as GET apps lists them"),
        ),
        Error::ServerAdministratorNeeded => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "this needs an administrator of the whole server: your admin key is for some applications only",
        ),
        Error::OriginNotAllowed => known(
            StatusCode::FORBIDDEN,
            Code::DomainNotAllowed,
            "requests from this origin are not allowed: add it to the application's allowed_request_origins",
        ),
        _ => return None,
    })
}

/// Never 401: SDKs would log the user out (protocol §0.10).
fn describe_api_key(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    Some(match error {
        Error::ApiKeysOff => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "this application has no API keys: its api-key provider is not enabled",
        ),
        Error::ApiKeyNameMissing => uncoded(StatusCode::BAD_REQUEST, "'name' is a required string"),
        Error::ApiKeyNameInvalid => known(
            StatusCode::BAD_REQUEST,
            Code::InvalidParameter,
            "can only contain ASCII letters, numbers, underscores, and hyphens",
        ),
        Error::ApiKeyNameTaken => known(
            StatusCode::CONFLICT,
            Code::APIKeyAlreadyExists,
            "an API key of this name exists: choose another name, or delete that key first",
        ),
        Error::ApiKeyLimitReached(limit) => known(
            StatusCode::BAD_REQUEST,
            Code::BadRequest,
            format!("a user can have at most {limit} API keys: delete one first"),
        ),
        Error::ServerKeyLimitReached(limit) => known(
            StatusCode::BAD_REQUEST,
            Code::BadRequest,
            format!("an application can have at most {limit} server API keys: delete one first"),
        ),
        Error::ServerKeyOfAdministrators => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "a server user has one API key, which administrators manage",
        ),
        Error::ApiKeyForAnonymous => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "anonymous users cannot have API keys: link another identity first",
        ),
        Error::ApiKeyNotFound => known(StatusCode::NOT_FOUND, Code::APIKeyNotFound, "API key not found"),
        Error::ApiKeyInUse => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "this session was opened with this API key: log in another way to delete it",
        ),
        _ => return None,
    })
}

fn describe_email_account(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    let bad = StatusCode::BAD_REQUEST;
    Some(match error {
        Error::PasswordLength => {
            known(bad, Code::BadRequest, "password must be between 6 and 128 characters")
        }
        Error::EmailInvalid => known(bad, Code::BadRequest, "email invalid"),
        Error::EmailAccountsOff => known(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "this application has no email accounts: its local-userpass provider is not enabled",
        ),
        Error::UserWithoutEmail => known(
            bad,
            Code::BadRequest,
            "this user does not log in by email, so there is no address to change",
        ),
        Error::EmailInUse => known(StatusCode::CONFLICT, Code::AccountNameInUse, "name already in use"),
        Error::MailedTokenInvalid => known(bad, Code::BadRequest, "invalid token data"),
        Error::AlreadyConfirmed => known(bad, Code::UserAlreadyConfirmed, "already confirmed"),
        Error::UserNotFound => known(StatusCode::NOT_FOUND, Code::UserNotFound, "user not found"),
        Error::ConfirmationAutomatic(email) => {
            uncoded(bad, format!("cannot run confirmation for {email}: automatic confirmation is enabled"))
        }
        Error::NoConfirmationFunction(email) => uncoded(
            bad,
            format!("cannot run confirmation for {email}: no confirmation function is configured"),
        ),
        Error::ConfirmationByFunction => {
            known(bad, Code::BadRequest, "please use resend confirmation via function")
        }
        Error::ConfirmationRefused(email) => {
            known(bad, Code::BadRequest, format!("failed to confirm user \"{email}\""))
        }
        Error::ResetRefused(email) => uncoded(bad, format!("failed to reset password for user \"{email}\"")),
        Error::ResetByFunction => known(bad, Code::BadRequest, "please use reset password via function"),
        Error::NoResetFunction => known(bad, Code::BadRequest, "no reset function is configured"),
        Error::MailNotConfigured => uncoded(bad, "error processing request"),
        _ => return None,
    })
}

fn describe_request(error: &Error) -> Option<Description> {
    use ErrorCode as Code;
    Some(match error {
        Error::InvalidBody(problem) => {
            let code =
                if problem.starts_with("missing field") { Code::MissingParameter } else { Code::BadRequest };
            known(StatusCode::BAD_REQUEST, code, format!("invalid request body: {problem}"))
        }
        Error::InvalidQuery => known(
            StatusCode::BAD_REQUEST,
            Code::BadRequest,
            "the query string has a parameter twice, or of the wrong form",
        ),
        Error::QueryUnknown(name, allowed) => known(
            StatusCode::BAD_REQUEST,
            Code::InvalidParameter,
            format!("the query parameter '{name}' can be {allowed}"),
        ),
        Error::ListedAfterNobody => known(
            StatusCode::BAD_REQUEST,
            Code::InvalidParameter,
            "the user in 'after' is not there any more: list from the beginning, or sort by _id",
        ),
        Error::BodyTooLarge(limit) => known(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::ReadSizeLimitExceeded,
            format!("the request body is larger than {limit} bytes"),
        ),
        Error::BodyIncomplete => {
            known(StatusCode::BAD_REQUEST, Code::BadRequest, "the request body did not arrive whole")
        }
        Error::RouteNotFound => uncoded(StatusCode::NOT_FOUND, "there is nothing at this URL"),
        Error::MethodNotAllowed => uncoded(
            StatusCode::METHOD_NOT_ALLOWED,
            "this URL does not take this method: see the Allow header",
        ),
        Error::TimedOut => known(
            StatusCode::REQUEST_TIMEOUT,
            Code::ExecutionTimeLimitExceeded,
            "the request took too long and was given up",
        ),
        Error::Throttled(wait) => known(
            StatusCode::TOO_MANY_REQUESTS,
            Code::TooManyRequests,
            format!("too many failed attempts: try again in {} seconds", wait.as_secs().max(1)),
        ),
        Error::Busy(_) | Error::Store(StoreError::Closed | StoreError::Busy) => known(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::MaintenanceInProgress,
            "the server is too busy or about to stop: try again in a few seconds",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_internal_error_reaches_the_client() {
        let (status, _, message) = describe(&Error::Internal("secret detail".into()));
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!message.contains("secret detail"));
    }

    #[test]
    fn no_api_key_error_is_a_401_that_would_log_the_user_out() {
        for error in [
            Error::ApiKeysOff,
            Error::ApiKeyNameMissing,
            Error::ApiKeyNameInvalid,
            Error::ApiKeyNameTaken,
            Error::ApiKeyLimitReached(20),
            Error::ServerKeyLimitReached(100),
            Error::ServerKeyOfAdministrators,
            Error::ApiKeyForAnonymous,
            Error::ApiKeyNotFound,
            Error::ApiKeyInUse,
        ] {
            assert_ne!(describe(&error).0, StatusCode::UNAUTHORIZED, "{error}");
        }
    }

    #[test]
    fn no_link_error_makes_realm_web_loop() {
        for error in [
            Error::LinkOwnedByAnother,
            Error::LinkSecondEmail,
            Error::LinkCredentialRefused(Box::new(Error::InvalidPassword)),
            Error::LinkCredentialRefused(Box::new(Error::InvalidCustomToken("x"))),
            Error::LinkCredentialRefused(Box::new(Error::NotConfirmed)),
        ] {
            let (_, code, message) = describe(&error);
            assert!(message.contains("unauthorized") && message != "unauthorized", "{error}");
            assert_ne!(code, Some(ErrorCode::InvalidSession), "{error}");
        }
    }
}
