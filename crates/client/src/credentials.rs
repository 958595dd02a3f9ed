//! What somebody logs in with: for each provider the members its login asks for (protocol §1.3).

use crate::value::Value;
use serde_json::json;
use std::fmt;

/// What somebody logs in with. Holds secrets, so printing it shows none of them.
///
/// ```
/// use keystead_client::Credentials;
/// assert_eq!(format!("{:?}", Credentials::api_key("s3cret")), "Credentials(api-key)");
/// ```
#[derive(Clone)]
pub struct Credentials(pub(crate) keystead_client_core::Credentials<Value>);

impl Credentials {
    fn new(provider: &str, payload: serde_json::Value) -> Self {
        Self(keystead_client_core::Credentials {
            provider_name: provider.to_owned(),
            provider_type: provider.to_owned(),
            reuse: false,
            payload: Value(payload),
        })
    }

    /// Nobody in particular. Whoever is logged in anonymously already stays who they are; see
    /// [`Credentials::new_anonymous`].
    pub fn anonymous() -> Self {
        let mut credentials = Self::new_anonymous();
        credentials.0.reuse = true;
        credentials
    }

    /// Nobody in particular, and a new user each time.
    pub fn new_anonymous() -> Self {
        Self::new("anon-user", json!({}))
    }

    /// An account of [`EmailPasswordAuth`](crate::EmailPasswordAuth).
    pub fn email_password(email: &str, password: &str) -> Self {
        Self::new("local-userpass", json!({"username": email, "password": password}))
    }

    /// A user API key: acts on behalf of the user who made it.
    pub fn api_key(key: &str) -> Self {
        Self::new("api-key", json!({"key": key}))
    }

    /// A JWT of somebody whom the application's `custom-token` provider trusts.
    pub fn jwt(token: &str) -> Self {
        Self::new("custom-token", json!({"token": token}))
    }

    /// Whatever the application's authentication function takes: an object.
    pub fn function(payload: serde_json::Map<String, serde_json::Value>) -> Self {
        Self::new("custom-function", payload.into())
    }

    /// An `id_token` of Google's.
    pub fn google_id_token(id_token: &str) -> Self {
        Self::new("oauth2-google", json!({"id_token": id_token}))
    }

    /// A one-time code of Google's, which the server redeems.
    pub fn google_auth_code(code: &str) -> Self {
        Self::new("oauth2-google", json!({"authCode": code}))
    }

    /// An access token of Facebook's.
    pub fn facebook(access_token: &str) -> Self {
        Self::new("oauth2-facebook", json!({"accessToken": access_token}))
    }

    /// An `id_token` of Apple's.
    pub fn apple(id_token: &str) -> Self {
        Self::new("oauth2-apple", json!({"id_token": id_token}))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.0.provider_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_print_what_they_hold() {
        let function = json!({"secret": "s3cret"}).as_object().cloned().unwrap_or_default();
        for credentials in [
            Credentials::email_password("me@example.com", "s3cret"),
            Credentials::api_key("s3cret"),
            Credentials::jwt("s3cret"),
            Credentials::function(function),
            Credentials::google_id_token("s3cret"),
            Credentials::google_auth_code("s3cret"),
            Credentials::facebook("s3cret"),
            Credentials::apple("s3cret"),
        ] {
            let printed = format!("{credentials:?} {credentials:#?}");
            assert!(!printed.contains("s3cret") && !printed.contains("me@"), "{printed}");
        }
    }
}
