//! The verifier: a token in, a caller out.

use crate::builder::VerifierBuilder;
use crate::error::{Refusal, VerifyError};
use crate::keys::Keys;
use crate::token::{Rules, Unverified};
use crate::user::AuthenticatedUser;
use std::fmt;
use std::sync::Arc;

/// Verifies the access tokens of one application. Cheap to clone; clones share their keys.
///
/// Must be used inside a tokio runtime.
#[derive(Clone)]
pub struct Verifier {
    pub(crate) keys: Arc<Keys>,
    pub(crate) rules: Arc<Rules>,
}

impl Verifier {
    /// Begins to describe the verifier for the application with this client app id, such as `my-app-abcde`.
    pub fn builder(app_id: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder::new(app_id.into())
    }

    /// Whoever `token` belongs to: an access token as clients send it, without `Bearer`.
    ///
    /// # Errors
    /// See [`VerifyError`]: the token is refused, or the keys cannot be fetched.
    pub async fn verify(&self, token: &str) -> Result<AuthenticatedUser, VerifyError> {
        let token = Unverified::parse(token)?;
        let key = self.keys.find(&token.key_id).await?.ok_or(Refusal::UnknownKey)?;
        Ok(token.verify(&key, &self.rules, self.keys.now())?)
    }

    /// Fetches the keys now, for a service that wants to know when it starts whether it can. Otherwise the
    /// first token has them fetched.
    ///
    /// # Errors
    /// [`VerifyError::KeysUnavailable`], with the reason.
    pub async fn fetch_keys(&self) -> Result<(), VerifyError> {
        self.keys.fetch_now().await
    }

    /// A layer that lets requests with a good token through, with the [`AuthenticatedUser`] among their
    /// extensions, and answers all others.
    #[cfg(feature = "tower")]
    pub fn layer(&self) -> crate::AuthenticationLayer {
        crate::AuthenticationLayer::new(self.clone())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("app_id", &self.rules.app_id).finish_non_exhaustive()
    }
}
