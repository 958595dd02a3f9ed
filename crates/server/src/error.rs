//! Everything that can go wrong with a request, named by its cause. What each looks like to a client
//! (status, code, sentence) is decided in one table, `http/error.rs`.

use crate::app_config::definition::Collection;
use crate::domain::passwords::PasswordError;
use crate::domain::pepper::CryptoFailed;
use crate::domain::throttle::RetryAfter;
use crate::store::StoreError;
use keystead_protocol::session::TokenType;
use std::time::Duration;

/// See the module.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is described by its message")]
pub enum Error {
    #[error("no application has client app id {0:?}")]
    AppNotFound(String),
    #[error("provider {0:?} is unknown, not configured or disabled")]
    ProviderUnavailable(String),
    #[error("wrong email address or password")]
    InvalidPassword,
    #[error("the email address is not confirmed yet")]
    NotConfirmed,
    #[error("the API key is malformed, unknown or disabled")]
    InvalidApiKey,
    #[error("the external token is refused: {0}")]
    InvalidCustomToken(&'static str),
    #[error("the user is disabled")]
    UserDisabled,
    #[error("the function {0:?} does not exist")]
    FunctionNotFound(String),
    #[error("the service {0:?} does not exist")]
    ServiceNotFound(String),
    #[error("the function {0:?} is private")]
    FunctionPrivate(String),
    #[error("the rule of the function {0:?} does not let this user call it")]
    RuleNotMatched(String),
    #[error("the function failed: {0}")]
    FunctionFailed(String),
    #[error("the function took too long")]
    FunctionTimeLimit,
    #[error("a function refused the login: {0}")]
    AuthFunctionRefused(String),

    #[error("the credential to link was refused")]
    LinkCredentialRefused(#[source] Box<Error>),
    #[error("the identity belongs to another user")]
    LinkOwnedByAnother,
    #[error("the user has another email identity")]
    LinkSecondEmail,
    #[error("credentials of this kind cannot be linked")]
    LinkImpossible,

    #[error("no Authorization header")]
    NotAuthenticated,
    #[error("the Authorization header carries no token")]
    EmptyBearer,
    #[error("the {0:?} token is not one of this server's, or was changed")]
    TokenForged(TokenType),
    #[error("the token cannot be read")]
    TokenMalformed(TokenType),
    #[error("a token of the other type was sent where a {0:?} token is wanted")]
    TokenOfWrongType(TokenType),
    #[error("the {0:?} token has expired")]
    TokenExpired(TokenType),
    #[error("the session was ended")]
    SessionEnded,
    #[error("the token is of another application")]
    TokenOfAnotherApp,
    #[error("there is no such key pair of an administrator")]
    AdminKeyRefused,
    #[error("there is no application {0:?} to administer")]
    AdminKeyAppUnknown(String),
    #[error("an administrator of the whole server is needed")]
    ServerAdministratorNeeded,
    #[error("requests from this origin are not allowed")]
    OriginNotAllowed,

    #[error("the application's api-key provider is not enabled")]
    ApiKeysOff,
    #[error("the API key has no name")]
    ApiKeyNameMissing,
    #[error("the API key's name has other characters than allowed, or too many")]
    ApiKeyNameInvalid,
    #[error("the user has an API key of that name")]
    ApiKeyNameTaken,
    #[error("the user has as many API keys as allowed")]
    ApiKeyLimitReached(u32),
    #[error("the application has as many server API keys as allowed")]
    ServerKeyLimitReached(u32),
    #[error("the API key of a server user is not the user's to manage")]
    ServerKeyOfAdministrators,
    #[error("anonymous users cannot have API keys")]
    ApiKeyForAnonymous,
    #[error("the user has no such API key")]
    ApiKeyNotFound,
    #[error("the API key opened this very session")]
    ApiKeyInUse,

    #[error("the application comes from a folder, which defines it")]
    AppReadOnly,
    #[error("the name of an application is too long or has other characters than allowed")]
    AppNameInvalid,
    #[error("the application would not be right: {0}")]
    ConfigurationInvalid(String),
    #[error("there is no such {}", .0.noun())]
    ItemNotFound(Collection),
    #[error("there is a {} like this", .0.noun())]
    ItemExists(Collection),
    #[error("a name is needed")]
    ItemNameMissing,
    #[error("there is no such secret")]
    SecretNotFound,
    #[error("there is a secret of this name")]
    SecretNameTaken,
    #[error("the administrator has a draft already")]
    DraftExists,
    #[error("there is no such draft")]
    DraftNotFound,
    #[error("there is no such deployment")]
    DeploymentNotFound,
    #[error("the address is not on the application's access list")]
    AddressNotAllowed,

    #[error("the password is too short or too long")]
    PasswordLength,
    #[error("the email address cannot be used")]
    EmailInvalid,
    #[error("the application's local-userpass provider is not enabled")]
    EmailAccountsOff,
    #[error("the user has no email account")]
    UserWithoutEmail,
    #[error("the email address is registered")]
    EmailInUse,
    #[error("the mailed token is wrong, used or expired")]
    MailedTokenInvalid,
    #[error("the email address is confirmed already")]
    AlreadyConfirmed,
    #[error("there is no such user")]
    UserNotFound,
    #[error("confirmation is automatic")]
    ConfirmationAutomatic(String),
    #[error("no confirmation function is configured")]
    NoConfirmationFunction(String),
    #[error("addresses are confirmed by a function")]
    ConfirmationByFunction,
    #[error("the confirmation function refused the registration")]
    ConfirmationRefused(String),
    #[error("passwords are reset by a function")]
    ResetByFunction,
    #[error("the reset function refused the new password")]
    ResetRefused(String),
    #[error("no reset function is configured")]
    NoResetFunction,
    #[error("mail is not set up")]
    MailNotConfigured,

    #[error("the body is not the JSON that is expected: {0}")]
    InvalidBody(String),
    #[error("the query string is not what is expected")]
    InvalidQuery,
    #[error("accounts cannot be claimed by mail: {0}")]
    ClaimsImpossible(&'static str),
    #[error("more than {0} lines are imported at once")]
    ImportTooLong(usize),
    #[error("the key of the HMAC is unusable")]
    HmacKeyInvalid,
    #[error("another backup is being made")]
    BackupRunning,
    #[error("a backup needs {needed} bytes, and {free} are free")]
    NoSpaceForBackup { needed: u64, free: u64 },

    #[error("the query parameter {0:?} has an unknown value")]
    QueryUnknown(&'static str, &'static str),
    #[error("the user after whom to list is gone")]
    ListedAfterNobody,
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
    #[error("the body did not arrive")]
    BodyIncomplete,
    #[error("no such route")]
    RouteNotFound,
    #[error("the route does not take this method")]
    MethodNotAllowed,
    #[error("the request took too long")]
    TimedOut,
    #[error("too many failures, try again in {0:?}")]
    Throttled(Duration),
    #[error("too much to do, try again in {0:?}")]
    Busy(Duration),

    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Crypto(#[from] CryptoFailed),
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ActorGone => Self::SessionEnded,
            error => Self::Store(error),
        }
    }
}

impl From<RetryAfter> for Error {
    fn from(RetryAfter(wait): RetryAfter) -> Self {
        Self::Throttled(wait)
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy(Duration::from_secs(5)),
            PasswordError::Throttled(wait) => wait.into(),
            PasswordError::Failed => Self::Internal(error.to_string()),
        }
    }
}
