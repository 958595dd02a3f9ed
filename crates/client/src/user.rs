//! A user: what is known of them here, and what can be done on their behalf. How sessions are kept,
//! refreshed and ended is the core's business.

use crate::api_keys::ApiKeys;
use crate::clock;
use crate::credentials::Credentials;
use crate::native::Native;
use crate::profile::{Identity, Profile};
use crate::value::Value;
use keystead_client_core::{Error, Operation, Token, UserState};
use std::fmt;

/// An access token with less than this left is not worth handing out.
const FRESH_SECONDS: i64 = 60;

/// Somebody who has logged in. Cheap to clone; clones are the same user.
///
/// Every call refreshes the session by itself when the access token has expired, and is sent once more.
/// Dropping a call at any moment is safe: whatever comes next works as if it had not been made, or had
/// been made whole.
#[derive(Clone)]
pub struct User(pub(crate) keystead_client_core::User<Native>);

impl User {
    /// The user's id, in hexadecimal.
    pub fn id(&self) -> &str {
        self.0.id()
    }

    /// The type of the provider that the user logged in with last, such as `api-key`.
    pub fn provider_type(&self) -> String {
        self.0.provider_type()
    }

    /// Whether the user is logged in, logged out, or removed.
    pub fn state(&self) -> UserState {
        self.0.state()
    }

    /// Whether the user is logged in.
    pub fn is_logged_in(&self) -> bool {
        self.0.is_logged_in()
    }

    /// The access token as it is, possibly expired; none when logged out. To call your own services, use
    /// [`User::fresh_access_token`].
    pub fn access_token(&self) -> Option<Token> {
        self.0.access_token()
    }

    /// The token that opens new access tokens; none when logged out. It goes to Keystead and nowhere else.
    pub fn refresh_token(&self) -> Option<Token> {
        self.0.refresh_token()
    }

    /// An access token for your own services that will work for another minute at least. Sends a request
    /// only if the one at hand will not; however many ask at the same time, one is sent.
    ///
    /// This trusts this machine's clock. A service whose clock differs, or that asks Keystead itself, can
    /// refuse the token all the same: then call [`User::refresh_access_token`] and try once more.
    ///
    /// ```
    /// # use keystead_client::{App, Credentials};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = keystead_dev_server::DevServer::start().await;
    /// # let app = App::builder("quickstart-abcde").base_url(&server.url).build()?;
    /// # let user = app.log_in(Credentials::anonymous()).await?;
    /// let token = user.fresh_access_token().await?;
    /// let authorization = format!("Bearer {}", token.expose());
    /// # assert!(authorization.len() > 100);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::LoggedOut`] if there is no session any more, and whatever a refresh may bring.
    pub async fn fresh_access_token(&self) -> Result<Token, Error> {
        let is_fresh = |user: &keystead_client_core::User<Native>| {
            let expiry = user.claims().and_then(|claims| claims.0["exp"].as_i64());
            expiry.is_some_and(|expiry| expiry > clock::unix_seconds().saturating_add(FRESH_SECONDS))
        };
        self.0.refresh_access_token_unless(is_fresh).await?;
        self.access_token().ok_or(Error::LoggedOut)
    }

    /// Gets a new access token. However many ask at the same time, one request is sent.
    ///
    /// # Errors
    /// The session is over (then the user is logged out here too), or the server cannot be reached (then
    /// nothing changes).
    pub async fn refresh_access_token(&self) -> Result<(), Error> {
        self.0.refresh_access_token().await
    }

    /// The profile as it was fetched last; none before [`User::refresh_profile`], because logging in
    /// does not ask for it.
    pub fn profile(&self) -> Option<Profile> {
        self.0.profile().and_then(Profile::from_json)
    }

    /// The identities in [`User::profile`].
    pub fn identities(&self) -> Vec<Identity> {
        self.profile().map(|profile| profile.identities).unwrap_or_default()
    }

    /// Fetches the profile anew.
    pub async fn refresh_profile(&self) -> Result<Profile, Error> {
        self.0.refresh_profile().await?;
        self.profile().ok_or(Error::LoggedOut)
    }

    /// The custom user data, as old as the access token that carries it: an object, empty if there is
    /// none; nothing when logged out.
    pub fn custom_data(&self) -> Option<serde_json::Value> {
        self.0.custom_data().map(|data| data.0)
    }

    /// Fetches the custom user data anew, in a new access token.
    pub async fn refresh_custom_data(&self) -> Result<serde_json::Value, Error> {
        self.refresh_access_token().await?;
        self.custom_data().ok_or(Error::LoggedOut)
    }

    /// Adds an identity: from then on the user can log in with these credentials too. An anonymous user
    /// becomes a lasting one.
    ///
    /// # Errors
    /// The credentials are wrong, or belong to somebody else.
    pub async fn link_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        self.0.link_credentials(&credentials.0).await
    }

    /// Calls a function of the application's. Arguments and answer are extended JSON (protocol §9).
    ///
    /// # Errors
    /// `FunctionNotFound`, `FunctionExecutionError`, …
    pub async fn call_function(
        &self,
        name: &str,
        arguments: &[serde_json::Value],
    ) -> Result<serde_json::Value, Error> {
        let arguments = Value(arguments.to_vec().into());
        let operation = Operation::CallFunction { name: name.to_owned(), arguments };
        self.0.client().execute(operation, Some(&self.0)).await.map(|answer| answer.0)
    }

    /// The user's API keys.
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }

    /// Ends the session, at the server and here. Here it ends even if the server cannot be reached: then
    /// the error says that the server does not know yet.
    pub async fn log_out(&self) -> Result<(), Error> {
        self.0.log_out().await
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id()).field("state", &self.state()).finish_non_exhaustive()
    }
}

/// Two are equal if they are the same user of the same application.
impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && self.0.client().app_id() == other.0.client().app_id()
    }
}

impl Eq for User {}
