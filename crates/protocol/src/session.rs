//! The login answer and the claims of both tokens (protocol §1.4, §2.2, §2.3). Signing and checking
//! them is the server's business.
//!
//! What every login writes has a `to_json` besides `Serialize`: almost everything in it is known to
//! need no escaping, and looking for what to escape was a fifth of a login's instructions. A test
//! holds the two to the same result.

use crate::id::{ApiKeyId, DeviceId, DomainId, ProviderId, SessionId, UserId};
use crate::provider::{ProviderType, UnknownName};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The answer to a login or link: every member is a string, for every SDK.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl LoginResponse {
    /// The JSON of the answer. Tokens are base64url and dots, ids are hexadecimal.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.access_token.len() + self.refresh_token.len() + 160);
        json.extend_from_slice(br#"{"access_token":""#);
        json.extend_from_slice(self.access_token.as_bytes());
        json.extend_from_slice(br#"","refresh_token":""#);
        json.extend_from_slice(self.refresh_token.as_bytes());
        json.extend_from_slice(br#"","user_id":"#);
        self.user_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","device_id":"#);
        self.device_id.object_id().push_json(&mut json);
        json.push(b'}');
        json
    }
}

/// The answer to a refresh.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Serialize)]
pub struct RefreshResponse {
    /// The new access token; the refresh token stays as it is.
    pub access_token: String,
}

impl RefreshResponse {
    /// The JSON of the answer. Tokens are base64url and dots.
    pub fn to_json(&self) -> Vec<u8> {
        [br#"{"access_token":""#, self.access_token.as_bytes(), br#""}"#].concat()
    }
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

impl std::str::FromStr for TokenType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [Self::Access, Self::Refresh].into_iter().find(|known| known.as_str() == text).ok_or(UnknownName)
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

impl AccessClaims {
    /// The JSON of the claims.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(512);
        json.extend_from_slice(br#"{"baas_device_id":"#);
        self.baas_device_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","baas_domain_id":"#);
        self.baas_domain_id.object_id().push_json(&mut json);
        push_times(&mut json, self.exp, self.iat);
        json.extend_from_slice(br#","iss":"#);
        self.iss.object_id().push_json(&mut json);
        json.extend_from_slice(br#","stitch_devId":"#);
        self.stitch_device_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","stitch_domainId":"#);
        self.stitch_domain_id.object_id().push_json(&mut json);
        push_owner(&mut json, self.sub, self.typ);
        let generations = (self.ks_user_generation, self.ks_credential_generation);
        push_grounds(&mut json, self.ks_provider_type, self.ks_api_key_id, generations);
        json
    }
}

fn push_times(json: &mut Vec<u8>, exp: i64, iat: i64) {
    json.extend_from_slice(br#","exp":"#);
    push_number(json, exp);
    json.extend_from_slice(br#","iat":"#);
    push_number(json, iat);
}

fn push_number(json: &mut Vec<u8>, number: i64) {
    json.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_owner(json: &mut Vec<u8>, user_id: UserId, token_type: TokenType) {
    json.extend_from_slice(br#","sub":"#);
    user_id.object_id().push_json(json);
    json.extend_from_slice(br#","typ":""#);
    json.extend_from_slice(token_type.as_str().as_bytes());
    json.push(b'"');
}

/// The last claims, and the brace.
fn push_grounds(
    json: &mut Vec<u8>,
    provider_type: ProviderType,
    api_key: Option<ApiKeyId>,
    (user, credential): (u32, u32),
) {
    json.extend_from_slice(br#","ks_provider_type":""#);
    json.extend_from_slice(provider_type.as_str().as_bytes());
    json.push(b'"');
    if let Some(key) = api_key {
        json.extend_from_slice(br#","ks_api_key_id":"#);
        key.object_id().push_json(json);
    }
    for (claim, generation) in
        [(&br#","ks_user_generation":"#[..], user), (br#","ks_credential_generation":"#, credential)]
    {
        if generation != 0 {
            json.extend_from_slice(claim);
            push_number(json, generation.into());
        }
    }
    json.push(b'}');
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
    /// Unix seconds at which it was made.
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

impl TokenIdentity<'_> {
    /// Its id is the one text that somebody else chose, so it alone is escaped, if need be.
    fn push_json(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#"{"id":"#);
        if self.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            json.push(b'"');
            json.extend_from_slice(self.id.as_bytes());
            json.push(b'"');
        } else {
            json.extend_from_slice(serde_json::Value::from(&*self.id).to_string().as_bytes());
        }
        json.extend_from_slice(br#","provider_type":""#);
        json.extend_from_slice(self.provider_type.as_str().as_bytes());
        json.extend_from_slice(br#"","provider_id":"#);
        self.provider_id.object_id().push_json(json);
        json.push(b'}');
    }
}

impl RefreshClaims<'_> {
    /// The JSON of the claims.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(1024);
        json.extend_from_slice(br#"{"baas_data":null,"baas_device_id":"#);
        self.baas_device_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","baas_domain_id":"#);
        self.baas_domain_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","baas_id":"#);
        self.baas_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","baas_identity":"#);
        self.baas_identity.push_json(&mut json);
        push_times(&mut json, self.exp, self.iat);
        json.extend_from_slice(br#","stitch_data":null,"stitch_devId":"#);
        self.stitch_device_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","stitch_domainId":"#);
        self.stitch_domain_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","stitch_id":"#);
        self.stitch_id.object_id().push_json(&mut json);
        json.extend_from_slice(br#","stitch_ident":"#);
        self.stitch_identity.push_json(&mut json);
        push_owner(&mut json, self.sub, self.typ);
        let generations = (self.ks_user_generation, self.ks_credential_generation);
        push_grounds(&mut json, self.ks_provider_type, self.ks_api_key_id, generations);
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ObjectId;
    use proptest::prelude::*;

    fn id<I: From<ObjectId>>(byte: u8) -> I {
        ObjectId::from_bytes([byte; 12]).into()
    }

    fn refresh_claims(identity: &str, api_key: Option<u8>, generation: u32) -> RefreshClaims<'_> {
        let identity = TokenIdentity {
            id: Cow::Borrowed(identity),
            provider_type: ProviderType::ApiKey,
            provider_id: id(3),
        };
        RefreshClaims {
            baas_data: (),
            baas_device_id: id(4),
            baas_domain_id: id(5),
            baas_id: id(6),
            baas_identity: identity.clone(),
            exp: 1_795_493_531,
            iat: -5,
            stitch_data: (),
            stitch_device_id: id(7),
            stitch_domain_id: id(8),
            stitch_id: id(9),
            stitch_identity: identity,
            sub: id(10),
            typ: TokenType::Refresh,
            ks_provider_type: ProviderType::CustomToken,
            ks_api_key_id: api_key.map(id),
            ks_user_generation: generation,
            ks_credential_generation: generation / 2,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_by_hand_is_what_serde_writes(
            identity in "\\PC{0,20}|[a-z0-9-]{0,40}|[\"\\\\\u{0}-\u{1f}]{0,5}",
            api_key: Option<u8>,
            generation: u32,
        ) {
            let claims = refresh_claims(&identity, api_key, generation);
            prop_assert_eq!(claims.to_json(), serde_json::to_vec(&claims).unwrap());
            let access = AccessClaims {
                baas_device_id: id(1),
                baas_domain_id: id(2),
                exp: claims.exp,
                iat: claims.iat,
                iss: id(3),
                stitch_device_id: id(4),
                stitch_domain_id: id(5),
                sub: id(6),
                typ: TokenType::Access,
                ks_provider_type: ProviderType::AnonUser,
                ks_api_key_id: api_key.map(id),
                ks_user_generation: generation,
                ks_credential_generation: generation,
            };
            prop_assert_eq!(access.to_json(), serde_json::to_vec(&access).unwrap());
        }
    }

    #[test]
    fn the_refresh_answer_is_what_serde_writes() {
        let response = RefreshResponse { access_token: "eyJ.eyJ.-_9".into() };
        assert_eq!(response.to_json(), serde_json::to_vec(&response).unwrap());
    }

    #[test]
    fn the_login_answer_is_what_serde_writes() {
        let response = LoginResponse {
            access_token: "eyJ.eyJ.-_9".into(),
            refresh_token: "a.b.c".into(),
            user_id: id(1),
            device_id: DeviceId::NONE,
        };
        assert_eq!(response.to_json(), serde_json::to_vec(&response).unwrap());
    }
}
