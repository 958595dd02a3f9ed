//! What a client sends to log in, one type per provider (protocol §1.3), and what it says of its device.
//! Unknown members are ignored: SDKs add their own (`provider`, `options`).

use crate::id::DeviceId;
use crate::secret::SecretText;
use serde::Deserialize;

/// `local-userpass`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct EmailPasswordCredentials {
    /// The email address; compared as it is, without normalisation (protocol §5).
    pub username: String,
    /// The password.
    pub password: SecretText,
    /// What the client says of itself.
    #[serde(default)]
    pub options: LoginOptions,
}

/// `api-key`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct ApiKeyCredentials {
    /// The key, as it was shown when it was made.
    pub key: SecretText,
    /// What the client says of itself.
    #[serde(default)]
    pub options: LoginOptions,
}

/// `custom-token`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
pub struct CustomTokenCredentials {
    /// The external JWT.
    pub token: SecretText,
    /// What the client says of itself.
    #[serde(default)]
    pub options: LoginOptions,
}

/// `anon-user`, and what of every other body says nothing of the credential.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
pub struct AnonymousCredentials {
    /// What the client says of itself.
    #[serde(default)]
    pub options: LoginOptions,
}

/// The top-level `options` of every login body.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize)]
pub struct LoginOptions {
    /// Absent when the client has nothing to say of its device.
    #[serde(default)]
    pub device: Option<DeviceInformation>,
}

/// `options.device`. Only the id has a meaning for the server; the rest is free text of the SDK's.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceInformation {
    /// The id from an earlier login response, if the client kept it.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_id_may_be_text_extended_json_or_absent() {
        let id = "5f5f5f5f5f5f5f5f5f5f5f5f";
        for (device, expected) in [
            (r#"{"deviceId":{"$oid":"5f5f5f5f5f5f5f5f5f5f5f5f"},"platform":"node"}"#, Some(id)),
            (r#"{"deviceId":"5f5f5f5f5f5f5f5f5f5f5f5f"}"#, Some(id)),
            (r#"{"platform":"node","sdk":"cpp"}"#, None),
        ] {
            let body = format!(r#"{{"key":"k","provider":"api-key","options":{{"device":{device}}}}}"#);
            let parsed: ApiKeyCredentials = serde_json::from_str(&body).unwrap();
            let sent = parsed.options.device.unwrap().device_id;
            assert_eq!(sent.map(|id| id.to_string()).as_deref(), expected);
        }
        assert!(serde_json::from_str::<AnonymousCredentials>("{}").unwrap().options.device.is_none());
    }
}
