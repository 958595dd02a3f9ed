//! An application, and who is logged in to it here.

use crate::builder::AppBuilder;
use crate::credentials::Credentials;
use crate::email_password::EmailPasswordAuth;
use crate::native::Native;
use crate::user::User;
use keystead_client_core::{Client, Error};
use std::fmt;

/// An application on a Keystead server. Cheap to clone; clones share their users.
#[derive(Clone)]
pub struct App(pub(crate) Client<Native>);

impl App {
    /// Begins to describe the application with this client app id, such as `my-app-abcde`.
    pub fn builder(app_id: impl Into<String>) -> AppBuilder {
        AppBuilder::new(app_id.into())
    }

    /// The application's client app id.
    pub fn id(&self) -> &str {
        self.0.app_id()
    }

    /// Logs in, and makes whoever that is the current user. Does not fetch the profile; see
    /// [`User::refresh_profile`].
    ///
    /// # Errors
    /// The server refuses the credentials (`AuthError`, `InvalidPassword`, …), cannot be reached, or the
    /// session cannot be kept in the storage.
    pub async fn log_in(&self, credentials: Credentials) -> Result<User, Error> {
        self.0.log_in(credentials.0, false).await.map(User)
    }

    /// The user who logged in last, or was switched to, and is still logged in.
    pub fn current_user(&self) -> Option<User> {
        self.0.current_user().map(User)
    }

    /// Everybody who has logged in here and was not removed, the most recent first.
    pub fn all_users(&self) -> Vec<User> {
        self.0.users().into_iter().map(User).collect()
    }

    /// Makes `user` the current one.
    ///
    /// # Errors
    /// The user was removed.
    pub fn switch_user(&self, user: &User) -> Result<(), Error> {
        self.0.switch_user(&user.0)
    }

    /// Logs `user` out and forgets them here.
    ///
    /// # Errors
    /// The server could not be told; here they are forgotten all the same.
    pub async fn remove_user(&self, user: &User) -> Result<(), Error> {
        self.0.remove_user(&user.0).await
    }

    /// Deletes `user` and everything the server knows of them, for ever, and forgets them here.
    pub async fn delete_user(&self, user: &User) -> Result<(), Error> {
        self.0.delete_user(&user.0).await
    }

    /// The HTTP client of this application, for calls to your own services with
    /// [`User::fresh_access_token`]: it follows no redirects, so a token goes nowhere else, and has the
    /// timeout of the builder.
    pub fn http_client(&self) -> &reqwest::Client {
        &self.0.platform().http
    }

    /// Registering, confirming and resetting accounts with an email address and a password.
    pub fn email_password_auth(&self) -> EmailPasswordAuth<'_> {
        EmailPasswordAuth(self)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id()).finish_non_exhaustive()
    }
}
