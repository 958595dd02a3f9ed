//! Errors on the wire: the closed set of codes and the body they come in (protocol §3).

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($name:ident,)*) => {
        /// `error_code`: strings that SDKs know by heart (protocol §3.2). The name is the string.
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the protocol defines each by its name")]
        pub enum ErrorCode { $($name,)* }

        impl ErrorCode {
            /// The string on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

error_codes! {
    InvalidSession,
    UserAppDomainMismatch,
    DomainNotAllowed,
    ReadSizeLimitExceeded,
    InvalidParameter,
    MissingParameter,
    InternalServerError,
    AuthProviderNotFound,
    AuthProviderAlreadyExists,
    ServiceNotFound,
    ServiceAlreadyExists,
    ValueNotFound,
    ValueDuplicateName,
    EnvironmentValueNotFound,
    EnvironmentValueAlreadyExists,
    IncomingWebhookNotFound,
    IncomingWebhookDuplicateName,
    RuleNotFound,
    RuleAlreadyExists,
    SecretNotFound,
    SecretAlreadyExists,
    DraftAlreadyExists,
    DraftNotFound,
    DeploymentNotFound,
    NotFound,
    AlreadyExists,
    FunctionNotFound,
    FunctionDuplicateName,
    FunctionExecutionError,
    NotCallable,
    APIKeyNotFound,
    APIKeyAlreadyExists,
    ExecutionTimeLimitExceeded,
    UserAlreadyConfirmed,
    UserNotFound,
    UserDisabled,
    AuthError,
    BadRequest,
    AccountNameInUse,
    InvalidPassword,
    MaintenanceInProgress,
    Forbidden,
    TooManyRequests,
}

/// The body of every error. Absent members are left out: `null` confuses SDKs (protocol §3.1).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A sentence for people.
    pub error: String,
    /// A stable code for programs; some errors of the protocol have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    /// Where the operator finds the log lines of this request: `…/logs?co_id=<request id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_members_are_left_out() {
        let body = ErrorBody { error: "no".into(), error_code: None, link: None };
        assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"error":"no"}"#);
    }

    #[test]
    fn codes_are_their_names() {
        assert_eq!(serde_json::to_value(ErrorCode::APIKeyNotFound).unwrap(), "APIKeyNotFound");
        assert_eq!(ErrorCode::APIKeyNotFound.as_str(), "APIKeyNotFound");
    }
}
