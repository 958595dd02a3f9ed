//! Accounts with an email address and a password: everything but logging in (protocol §5).

use crate::app::App;
use crate::value::Value;
use keystead_client_core::{Error, Operation};
use serde_json::json;

/// Registers and repairs accounts; see [`App::email_password_auth`].
///
/// ```
/// # use keystead_client::{App, Credentials};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = keystead_dev_server::DevServer::start().await;
/// # let app = App::builder("quickstart-abcde").base_url(&server.url).build()?;
/// app.email_password_auth().register("me@example.com", "correct horse").await?;
/// let user = app.log_in(Credentials::email_password("me@example.com", "correct horse")).await?;
/// # assert_eq!(user.provider_type(), "local-userpass");
/// # Ok(())
/// # }
/// ```
pub struct EmailPasswordAuth<'a>(pub(crate) &'a App);

impl EmailPasswordAuth<'_> {
    /// Makes an account. Depending on the application, it must be confirmed before its first login.
    ///
    /// # Errors
    /// `AccountNameInUse` if there is one already, `BadRequest` if the password is shorter than 6 or longer
    /// than 128 characters.
    pub async fn register(&self, email: &str, password: &str) -> Result<(), Error> {
        self.act("register", json!({"email": email, "password": password})).await
    }

    /// Confirms an account with the two parameters of the mailed link.
    ///
    /// # Errors
    /// They do not belong together, were used, or are too old.
    pub async fn confirm(&self, token: &str, token_id: &str) -> Result<(), Error> {
        self.act("confirm", json!({"token": token, "tokenId": token_id})).await
    }

    /// Sends the mail with the confirmation link once more.
    ///
    /// # Errors
    /// `UserNotFound`, or `UserAlreadyConfirmed`.
    pub async fn resend_confirmation(&self, email: &str) -> Result<(), Error> {
        self.act("confirm/send", json!({"email": email})).await
    }

    /// Runs the application's confirmation function once more.
    ///
    /// # Errors
    /// `UserNotFound`, `UserAlreadyConfirmed`, or the application has no such function.
    pub async fn retry_custom_confirmation(&self, email: &str) -> Result<(), Error> {
        self.act("confirm/call", json!({"email": email})).await
    }

    /// Sends the mail with the link for a new password.
    ///
    /// # Errors
    /// `UserNotFound`, or the application resets passwords with a function.
    pub async fn send_reset_email(&self, email: &str) -> Result<(), Error> {
        self.act("reset/send", json!({"email": email})).await
    }

    /// Sets a new password with the two parameters of the mailed link.
    ///
    /// # Errors
    /// They do not belong together, were used, or are too old; or the password is too short or too long.
    pub async fn reset(&self, token: &str, token_id: &str, password: &str) -> Result<(), Error> {
        self.act("reset", json!({"token": token, "tokenId": token_id, "password": password})).await
    }

    /// Asks the application's reset function for a new password. `arguments` are extended JSON.
    ///
    /// # Errors
    /// The function refuses, or the application has none.
    pub async fn call_reset_function(
        &self,
        email: &str,
        password: &str,
        arguments: &[serde_json::Value],
    ) -> Result<(), Error> {
        self.act("reset/call", json!({"email": email, "password": password, "arguments": arguments})).await
    }

    async fn act(&self, act: &str, details: serde_json::Value) -> Result<(), Error> {
        let operation = Operation::EmailPassword { act: act.to_owned(), details: Value(details) };
        self.0.0.execute(operation, None).await.map(drop)
    }
}
