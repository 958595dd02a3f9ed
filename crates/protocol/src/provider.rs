//! The ways to prove who one is, named as on the wire.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! provider_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The type of an authentication provider; also its name and its path segment (protocol §1.3).
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ProviderType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ProviderType {
            /// Every provider type there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl FromStr for ProviderType {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(UnknownName),
                }
            }
        }
    };
}

provider_types! {
    /// Nobody in particular; every login makes a new user.
    AnonUser = "anon-user",
    /// Email address and password.
    LocalUserpass = "local-userpass",
    /// A user's or a server's API key.
    ApiKey = "api-key",
    /// A JWT of somebody else's making.
    CustomToken = "custom-token",
    /// A function of the application decides.
    CustomFunction = "custom-function",
    /// Google.
    OauthGoogle = "oauth2-google",
    /// Facebook.
    OauthFacebook = "oauth2-facebook",
    /// Apple.
    OauthApple = "oauth2-apple",
}

/// The text is none of the names that the protocol knows for such a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the protocol knows no such name")
    }
}

impl std::error::Error for UnknownName {}

impl fmt::Display for ProviderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_as_text_and_as_json() {
        for provider in ProviderType::ALL {
            assert_eq!(provider.as_str().parse(), Ok(*provider));
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.as_str());
        }
        assert!("local".parse::<ProviderType>().is_err());
    }
}
