//! Users as the client sees them: profile and identities (protocol §1.6, §2.4).

use crate::id::{DomainId, ProviderId, UserId};
use crate::provider::{ProviderType, UnknownName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a user is to the application.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserType {
    /// A person, or a service that acts for one.
    Normal,
    /// The user behind a server API key.
    Server,
}

impl UserType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Server => "server",
        }
    }
}

impl std::str::FromStr for UserType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [Self::Normal, Self::Server].into_iter().find(|known| known.as_str() == text).ok_or(UnknownName)
    }
}

/// A user's tie to one provider.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider's name for the user (protocol §2.4).
    pub id: String,
    /// Which kind of provider.
    pub provider_type: ProviderType,
    /// The provider's own id in this application.
    pub provider_id: ProviderId,
    /// What the provider said of the user, such as an email address.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub provider_data: Map<String, Value>,
}

/// The answer of `GET /auth/profile`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize, Deserialize)]
pub struct Profile {
    /// Whose profile it is.
    pub user_id: UserId,
    /// The application's domain.
    pub domain_id: DomainId,
    /// In the order in which they were linked.
    pub identities: Vec<Identity>,
    /// The merged data of all identities.
    pub data: Map<String, Value>,
    /// Normal or server.
    #[serde(rename = "type")]
    pub user_type: UserType,
}
