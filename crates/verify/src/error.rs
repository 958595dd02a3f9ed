//! Why a token does not pass, by who has to do something about it.

/// Why there is no [`AuthenticatedUser`](crate::AuthenticatedUser).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The caller's token is not good: 401.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Whether the token is good cannot be known now, because the application's keys cannot be fetched:
    /// 503. The sentence says why.
    #[error("the keys that verify access tokens cannot be fetched: {0}")]
    KeysUnavailable(String),
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not three parts of base64url and JSON, or absurdly long, or claims are missing.
    #[error("the access token is malformed")]
    Malformed,
    /// Signed some other way, or not at all.
    #[error("the access token is not signed with EdDSA")]
    Algorithm,
    /// No key of the application has this id: forged, another application's, or older than any key.
    #[error("the access token is signed with a key that is not the application's")]
    UnknownKey,
    /// Changed after it was signed.
    #[error("the access token's signature is invalid")]
    Signature,
    /// A refresh token, which is for Keystead alone.
    #[error("the token is not an access token")]
    NotAnAccessToken,
    /// Its time is over.
    #[error("the access token expired")]
    Expired,
    /// It comes from the future: one of the clocks is wrong.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// Its `baas_domain_id` is another.
    #[error("the access token belongs to another application")]
    OtherApplication,
    /// Its `aud` is another.
    #[error("the access token is meant for another audience")]
    OtherAudience,
}
