//! Tokens as the client keeps them: opaque text that does not print.

use std::fmt;
use std::sync::Arc;

/// An access or refresh token. Cheap to clone; shown by nothing but [`Token::expose`].
///
/// ```
/// let token = keystead_client_core::Token::from("eyJhbGciOi…");
/// assert_eq!(format!("{token:?}"), "[token]");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// The token itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The second of the token's three parts: its claims, in base64url.
    pub(crate) fn payload(&self) -> Option<&str> {
        // Looking for a byte, and not for a character, is a kilobyte less WebAssembly.
        let dot = |text: &str| text.bytes().position(|byte| byte == b'.');
        let rest = self.0.get(dot(&self.0)? + 1..)?;
        rest.get(..dot(rest)?)
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}
