//! Text that must not leave by accident: passwords, API keys, foreign tokens.

use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroizing;

/// A secret string. It is wiped from memory when dropped, and it can be read only by calling
/// [`SecretText::expose`], which a reviewer can search for. It cannot be printed:
///
/// ```compile_fail,E0277
/// let secret = keystead_protocol::secret::SecretText::from(String::from("s"));
/// println!("{secret}");
/// ```
///
/// nor serialised:
///
/// ```compile_fail,E0277
/// let secret = keystead_protocol::secret::SecretText::from(String::from("s"));
/// serde_json::to_string(&secret);
/// ```
///
/// nor copied by accident:
///
/// ```compile_fail,E0599
/// let secret = keystead_protocol::secret::SecretText::from(String::from("s"));
/// let copy = secret.clone();
/// ```
///
/// and debugging shows that there is one, never which:
///
/// ```
/// let secret = keystead_protocol::secret::SecretText::from(String::from("s3cret"));
/// assert_eq!(format!("{secret:?}"), "[secret]");
/// assert_eq!(secret.expose(), "s3cret");
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The secret itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SecretText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password" })
    }
}

#[cfg(test)]
mod tests {
    static_assertions::assert_not_impl_any!(
        super::SecretText: Clone, Copy, std::fmt::Display, serde::Serialize, PartialEq
    );
}
