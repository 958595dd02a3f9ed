//! Server API keys: keys of an application, each with a user of its own who is there for nothing else.
//! What holds for every key (login, disabling, uses) is in `api_keys.rs`; deleting the user deletes the key.

use super::StoreResult;
use super::api_keys::{InsertApiKeyOutcome, NewApiKey};
use super::audit::AuditEvent;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId, UserId};

/// A server key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeyRecord {
    /// The id.
    pub key_id: ApiKeyId,
    /// The user who is there for it.
    pub user_id: UserId,
    /// Unique among the application's server keys.
    pub name: String,
    /// A disabled key does not log in.
    pub disabled: bool,
}

/// See [`ServerKeyRecord`].
#[async_trait]
pub trait ServerKeyStore {
    /// Adds a key with its user, if the application has fewer than `limit` server keys and none of that
    /// name.
    async fn insert_server_key(
        &self,
        key: NewApiKey,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<InsertApiKeyOutcome>;

    /// The application's server keys in the order in which they were made.
    async fn list_server_keys(&self, app_id: AppId) -> StoreResult<Vec<ServerKeyRecord>>;

    /// One of the application's server keys.
    async fn find_server_key(&self, app_id: AppId, key_id: ApiKeyId) -> StoreResult<Option<ServerKeyRecord>>;
}
