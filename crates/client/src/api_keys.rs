//! A user's API keys, as the user manages them (protocol §4).

use crate::user::User;
use crate::value::Value;
use keystead_client_core::{Error, Operation};
use keystead_protocol::api_key::ApiKey;
use keystead_protocol::id::ApiKeyId;
use keystead_protocol::secret::SecretText;

/// The API keys of one user; see [`User::api_keys`].
///
/// ```
/// # use keystead_client::{App, Credentials};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = keystead_dev_server::DevServer::start().await;
/// # let app = App::builder("quickstart-abcde").base_url(&server.url).build()?;
/// # app.email_password_auth().register("me@example.com", "correct horse").await?;
/// # let user = app.log_in(Credentials::email_password("me@example.com", "correct horse")).await?;
/// let created = user.api_keys().create("nightly-report").await?;
/// let secret = created.expose(); // shown this once: hand it to the service now
/// # assert!(!secret.is_empty());
///
/// user.api_keys().disable(created.id).await?; // from now on neither the key nor its sessions work
/// assert!(user.api_keys().fetch(created.id).await?.disabled);
/// # Ok(())
/// # }
/// ```
pub struct ApiKeys<'u>(pub(crate) &'u User);

/// A new key with its secret, which nobody can show a second time. Dropping it unread is a mistake that
/// the compiler warns of:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # async fn example(user: keystead_client::User) -> Result<(), keystead_client::Error> {
/// user.api_keys().create("nightly-report").await?;
/// # Ok(())
/// # }
/// ```
///
/// and printing it shows that there is a secret, never which:
///
/// ```
/// # use keystead_client::{App, Credentials};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = keystead_dev_server::DevServer::start().await;
/// # let app = App::builder("quickstart-abcde").base_url(&server.url).build()?;
/// # let user = app.log_in(Credentials::api_key(&server.new_api_key().await)).await?;
/// let key = user.api_keys().create("nightly-report").await?;
/// assert!(format!("{key:?}").contains("[secret]"));
/// # Ok(())
/// # }
/// ```
#[must_use = "the secret is shown this once: a key whose secret is dropped is of no use"]
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What the user calls it.
    pub name: String,
    secret: SecretText,
}

impl CreatedApiKey {
    /// The secret itself, for [`Credentials::api_key`](crate::Credentials::api_key). It is wiped from
    /// memory when this is dropped.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }
}

impl ApiKeys<'_> {
    /// Makes a key called `name`: 1 to 64 ASCII letters, digits, `-` and `_`, unique among the user's keys.
    ///
    /// # Errors
    /// `InvalidParameter` for another name, `APIKeyAlreadyExists` for a name that is in use, and whatever
    /// [`Error`] says of every call.
    pub async fn create(&self, name: &str) -> Result<CreatedApiKey, Error> {
        let mut answer = self.execute(Operation::CreateApiKey { name: name.to_owned() }).await?;
        let key: ApiKey = understood(&answer)?;
        // Moved, not copied, so that what is wiped later is this.
        let secret = answer.0.get_mut("key").map(serde_json::Value::take);
        let Some(serde_json::Value::String(secret)) = secret else {
            return Err(unexpected("it has no 'key'"));
        };
        Ok(CreatedApiKey { id: key.id, name: key.name, secret: secret.into() })
    }

    /// A key, without its secret.
    ///
    /// # Errors
    /// `APIKeyNotFound` if the user has no such key.
    pub async fn fetch(&self, id: ApiKeyId) -> Result<ApiKey, Error> {
        understood(&self.execute(Operation::FetchApiKey { id: id.to_string() }).await?)
    }

    /// All of the user's keys, without their secrets.
    pub async fn fetch_all(&self) -> Result<Vec<ApiKey>, Error> {
        understood(&self.execute(Operation::FetchApiKeys).await?)
    }

    /// Lets a disabled key log in again.
    ///
    /// # Errors
    /// `APIKeyNotFound` if the user has no such key.
    pub async fn enable(&self, id: ApiKeyId) -> Result<(), Error> {
        self.execute(Operation::EnableApiKey { id: id.to_string() }).await.map(drop)
    }

    /// Stops a key from logging in, and ends every session that was opened with it.
    ///
    /// # Errors
    /// `APIKeyNotFound` if the user has no such key.
    pub async fn disable(&self, id: ApiKeyId) -> Result<(), Error> {
        self.execute(Operation::DisableApiKey { id: id.to_string() }).await.map(drop)
    }

    /// Deletes a key for ever, and ends every session that was opened with it.
    ///
    /// # Errors
    /// `APIKeyNotFound` if the user has no such key; `Forbidden` for the key that this session was opened
    /// with.
    pub async fn delete(&self, id: ApiKeyId) -> Result<(), Error> {
        self.execute(Operation::DeleteApiKey { id: id.to_string() }).await.map(drop)
    }

    async fn execute(&self, operation: Operation<Value>) -> Result<Value, Error> {
        let user = &self.0.0;
        user.client().execute(operation, Some(user)).await
    }
}

fn understood<T: serde::de::DeserializeOwned>(answer: &Value) -> Result<T, Error> {
    T::deserialize(&answer.0).map_err(|error| unexpected(&error.to_string()))
}

fn unexpected(reason: &str) -> Error {
    Error::UnexpectedAnswer(format!("The server's answer is not about an API key: {reason}").into())
}
