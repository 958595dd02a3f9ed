//! The login answer and the claims of both tokens (protocol §1.4, §2.2, §2.3). Signing and checking
//! them is the server's business.

use crate::id::{ApiKeyId, DeviceId, DomainId, ProviderId, SessionId, UserId};
use crate::provider::ProviderType;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The answer to a login or link: every member is a string, for every SDK.
#[derive(Serialize)]
pub struct LoginResponse {
    /// Goes with calls that act for the user; short-lived.
    pub access_token: String,
    /// Buys new access tokens; sent to `/auth/session` and `/auth/api_keys`.
    pub refresh_token: String,
    /// Who logged in.
    pub user_id: UserId,
    /// To be sent again at the next login.
    pub device_id: DeviceId,
}

/// The answer to a refresh.
#[derive(Serialize)]
pub struct RefreshResponse {
    /// The new access token; the refresh token stays as it is.
    pub access_token: String,
}

/// What a token is for. A token of one type is refused where the other is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// Acts for the user.
    Access,
    /// Renews access tokens, manages API keys, ends the session.
    Refresh,
}

impl TokenType {
    /// The name in the `typ` claim.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// The claims of an access token. The `ks_…` claims are Keystead's own, ignored by every SDK: they
/// say what the session stands on (the credential it was opened with, and the generations of user and
/// credential at that moment), so that a token can be refused the moment that is revoked, without a
/// session row. A claim that is absent is zero or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The device of the login.
    pub baas_device_id: DeviceId,
    /// The application.
    pub baas_domain_id: DomainId,
    /// Unix seconds after which the token is worth nothing.
    pub exp: i64,
    /// Unix seconds at which it was made.
    pub iat: i64,
    /// The session.
    pub iss: SessionId,
    /// Same as `baas_device_id`, for Stitch.
    #[serde(rename = "stitch_devId")]
    pub stitch_device_id: DeviceId,
    /// Same as `baas_domain_id`, for Stitch.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: DomainId,
    /// The user.
    pub sub: UserId,
    /// Always "access".
    pub typ: TokenType,
    /// The provider of the login.
    pub ks_provider_type: ProviderType,
    /// The key of the login, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ks_api_key_id: Option<ApiKeyId>,
    /// The user's generation at login.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ks_user_generation: u32,
    /// The credential's generation at login.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ks_credential_generation: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(generation: &u32) -> bool {
    *generation == 0
}

/// The identity of the login, as refresh tokens carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenIdentity<'a> {
    /// The identity's id: for API keys the key's (protocol §2.4).
    pub id: Cow<'a, str>,
    /// Which kind of provider.
    pub provider_type: ProviderType,
    /// Which provider.
    pub provider_id: ProviderId,
}

/// The claims of a refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshClaims<'a> {
    /// Always null.
    pub baas_data: (),
    /// The device of the login.
    pub baas_device_id: DeviceId,
    /// The application.
    pub baas_domain_id: DomainId,
    /// The session.
    pub baas_id: SessionId,
    /// The identity of the login.
    pub baas_identity: TokenIdentity<'a>,
    /// Unix seconds after which the session is over.
    pub exp: i64,
    /// Unix seconds of the login.
    pub iat: i64,
    /// Always null.
    pub stitch_data: (),
    /// Same as `baas_device_id`, for Stitch.
    #[serde(rename = "stitch_devId")]
    pub stitch_device_id: DeviceId,
    /// Same as `baas_domain_id`, for Stitch.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: DomainId,
    /// Same as `baas_id`, for Stitch.
    pub stitch_id: SessionId,
    /// Same as `baas_identity`, for Stitch.
    #[serde(rename = "stitch_ident")]
    pub stitch_identity: TokenIdentity<'a>,
    /// The user.
    pub sub: UserId,
    /// Always "refresh".
    pub typ: TokenType,
    /// The provider of the login.
    pub ks_provider_type: ProviderType,
    /// The key of the login, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ks_api_key_id: Option<ApiKeyId>,
    /// The user's generation at login.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ks_user_generation: u32,
    /// The credential's generation at login.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ks_credential_generation: u32,
}
