//! The profile as programs read it. It is made by the core from the server's answer (protocol §1.6).

use crate::value::Value;
use serde::Deserialize;

/// What the server knows of a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// `normal`, or `server` for the user behind a server API key.
    #[serde(rename = "type")]
    pub user_type: String,
    /// The ways in which the user can log in, in the order in which they were linked.
    pub identities: Vec<Identity>,
    /// What the providers said of the user, such as `email`, `name` or `pictureUrl`.
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// One way in which a user can log in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The provider's name for the user; of an API key, the key's id.
    pub id: String,
    /// Such as `local-userpass` or `api-key`.
    pub provider_type: String,
}

impl Profile {
    pub(crate) fn from_json(profile: Value) -> Option<Self> {
        serde_json::from_value(profile.0).ok()
    }
}
