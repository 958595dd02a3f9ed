//! Bodies of the email/password routes: register, confirm, reset (protocol §1.1 E1–E7).

use crate::id::EmailTokenId;
use crate::secret::SecretText;
use serde::Deserialize;

/// `register`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct Registration {
    /// The address to register.
    pub email: String,
    /// 6 to 128 characters.
    pub password: SecretText,
}

/// `confirm/send`, `confirm/call` and `reset/send`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct EmailOnly {
    /// The registered address.
    pub email: String,
}

/// The pair that a mailed link carries. Neither part is parsed by clients, so an id that is no id
/// is just a pair that does not exist.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct MailedToken {
    /// The secret half.
    pub token: SecretText,
    /// The public half.
    #[serde(rename = "tokenId")]
    pub token_id: String,
}

impl MailedToken {
    /// The public half as an id; `None` if it cannot be one.
    pub fn id(&self) -> Option<EmailTokenId> {
        self.token_id.parse().ok()
    }
}

/// `reset`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct PasswordReset {
    /// The pair from the link.
    #[serde(flatten)]
    pub mailed: MailedToken,
    /// The new password, 6 to 128 characters.
    pub password: SecretText,
}

/// `reset/call`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct PasswordResetCall {
    /// The registered address.
    pub email: String,
    /// The new password, 6 to 128 characters.
    pub password: SecretText,
    /// What the reset function is given besides, as extended JSON.
    #[serde(default)]
    pub arguments: Vec<serde_json::Value>,
}
