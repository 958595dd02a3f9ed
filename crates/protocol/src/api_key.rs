//! API keys as the client routes show them (protocol §4): exactly these members, because SDK tests
//! compare whole objects.

use crate::id::ApiKeyId;
use serde::{Deserialize, Serialize};

/// A key as it is listed and fetched: never its secret.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Plain hexadecimal, never `{"$oid": …}`.
    #[serde(rename = "_id")]
    pub id: ApiKeyId,
    /// What the user calls it.
    pub name: String,
    /// A disabled key does not log in.
    pub disabled: bool,
}

/// The answer to "create", the only one that shows the secret. It borrows the secret for the moment
/// of writing and, unlike its parts, cannot be kept.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Serialize)]
pub struct CreatedApiKey<'a> {
    /// The key's id.
    #[serde(rename = "_id")]
    pub id: ApiKeyId,
    /// The secret, shown this once.
    pub key: &'a str,
    /// What the user calls it.
    pub name: &'a str,
    /// Always false: a new key is enabled.
    pub disabled: bool,
}

/// The longest name, in characters; App Services never said, 64 is its limit for other names.
pub const MAX_NAME_LENGTH: usize = 64;

/// Whether `name` may name a key: ASCII letters, digits, `_` and `-`, 1 to 64 of them.
pub fn valid_name(name: &str) -> bool {
    (1..=MAX_NAME_LENGTH).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_of_the_allowed_characters_are_valid(name in "[A-Za-z0-9_-]{1,64}") {
            prop_assert!(valid_name(&name));
        }

        #[test]
        fn one_other_character_makes_a_name_invalid(
            before in "[A-Za-z0-9_-]{0,20}", other in "[^A-Za-z0-9_-]", after in "[A-Za-z0-9_-]{0,20}",
        ) {
            let name = format!("{before}{other}{after}");
            prop_assert!(!valid_name(&name));
        }
    }

    #[test]
    fn the_empty_and_the_long_name_are_invalid() {
        assert!(!valid_name("") && !valid_name(&"a".repeat(65)));
    }
}
