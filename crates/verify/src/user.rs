//! The caller, as handlers see them.

/// Whoever sent a good access token. All of it comes from the token, so it is as old as
/// [`AuthenticatedUser::issued_at`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticatedUser {
    /// The user's id, in hexadecimal.
    pub user_id: String,
    /// The session's id, the same for all access tokens of one login.
    pub session_id: String,
    /// The application's domain id.
    pub domain_id: String,
    /// The device of the login, if the client named one.
    pub device_id: Option<String>,
    /// How the user logged in, such as `api-key`.
    pub provider_type: Option<String>,
    /// The key that a service logged in with to act on the user's behalf.
    pub api_key_id: Option<String>,
    /// When the token was signed, in seconds since 1970.
    pub issued_at: i64,
    /// When the token expires, in seconds since 1970.
    pub expires_at: i64,
    /// The custom user data, if the user has some.
    pub custom_data: Option<serde_json::Value>,
}

/// The caller whom [`AuthenticationLayer`](crate::AuthenticationLayer) has found. A route that asks for one
/// and is not behind the layer answers 500: better closed than open.
#[cfg(feature = "axum")]
impl<S: Send + Sync> axum_core::extract::FromRequestParts<S> for AuthenticatedUser {
    type Rejection = (http::StatusCode, &'static str);

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        const UNGUARDED: &str = "this route asks for an AuthenticatedUser but is not behind the \
            AuthenticationLayer of keystead-verify";
        parts.extensions.get().cloned().ok_or((http::StatusCode::INTERNAL_SERVER_ERROR, UNGUARDED))
    }
}
