//! API keys and the digests of their secrets.

use super::StoreResult;
use super::audit::AuditEvent;
use super::networks::{Sighting, UserLogin};
use super::sessions::ApiKeyState;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId, UserId};

/// A key as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The id.
    pub key_id: ApiKeyId,
    /// Unique among the user's keys.
    pub name: String,
    /// A disabled key does not log in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last logged in; late by up to one flush of the usage tracker.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is the key of a server user.
    pub is_server_key: bool,
}

/// A key as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyDetails {
    /// The key.
    pub key: ApiKeyRecord,
    /// The address of its last use.
    pub last_used_from: Option<String>,
    /// What its last user called itself.
    pub last_used_agent: Option<String>,
    /// How the key starts.
    pub display_start: String,
    /// How the key ends.
    pub display_end: String,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The id.
    pub key_id: ApiKeyId,
    /// The owner.
    pub user_id: UserId,
    /// The owner's application.
    pub app_id: AppId,
    /// The name.
    pub name: String,
    /// Of its first secret.
    pub secret: SecretRecord,
    /// Now.
    pub created_at: Timestamp,
}

/// A secret at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// HMAC-SHA-256 under the pepper.
    pub digest: [u8; 32],
    /// The prefix, kept as a field because it is not to be parsed out of a key.
    pub prefix: String,
    /// How the key starts, for recognising it.
    pub display_start: String,
    /// How the key ends, for recognising it.
    pub display_end: String,
}

/// What became of an attempt to make a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertApiKeyOutcome {
    /// It is stored.
    Inserted,
    /// The user has a key of that name.
    NameTaken,
    /// The user has as many keys as allowed.
    LimitReached,
    /// The user is anonymous.
    AnonymousOwner,
    /// The user is there for a server key.
    ServerOwner,
    /// The user is gone.
    NoSuchUser,
}

/// What a login with a key needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyLogin {
    /// The owner's application.
    pub app_id: AppId,
    /// The owner.
    pub user_id: UserId,
    /// Whether the owner is disabled.
    pub user_disabled: bool,
    /// The owner's generation.
    pub user_generation: u32,
    /// The key.
    pub key_id: ApiKeyId,
    /// The key's state.
    pub key: ApiKeyState,
}

/// A use of a key, the last of those that were collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyUse {
    /// The owner.
    pub user_id: UserId,
    /// The key.
    pub key_id: ApiKeyId,
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub from: String,
    /// The client's user agent, shortened.
    pub agent: Option<String>,
    /// Where it was used, one for each network.
    pub sightings: Vec<Sighting>,
}

/// See [`ApiKeyRecord`]. Methods that change a key return whether the user has it.
#[async_trait]
pub trait ApiKeyStore {
    /// Adds a key, if the user is neither anonymous nor a server, has fewer than `limit` keys and none of that name.
    async fn insert_api_key(
        &self,
        key: NewApiKey,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<InsertApiKeyOutcome>;

    /// The user's keys in the order in which they were made.
    async fn list_api_keys(&self, user_id: UserId) -> StoreResult<Vec<ApiKeyRecord>>;

    /// The same, with what administrators want to know.
    async fn list_api_key_details(&self, user_id: UserId) -> StoreResult<Vec<ApiKeyDetails>>;

    /// One of the user's keys.
    async fn find_api_key(&self, user_id: UserId, key_id: ApiKeyId) -> StoreResult<Option<ApiKeyRecord>>;

    /// Disables or enables a key. Disabling ends the sessions opened with it.
    async fn set_api_key_disabled(
        &self,
        user_id: UserId,
        key_id: ApiKeyId,
        disabled: bool,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Deletes a key with its secrets.
    async fn delete_api_key(&self, user_id: UserId, key_id: ApiKeyId, audit: AuditEvent)
    -> StoreResult<bool>;

    /// Whose key has this digest; `locator` is the bucket in which an engine that shards looks. The answer is never older than the last change that was answered.
    async fn find_api_key_login(&self, locator: &str, digest: &[u8; 32]) -> StoreResult<Option<ApiKeyLogin>>;

    /// Records the last uses of keys, when users were last seen, and from where they logged in, all in one
    /// transaction with the audit events of what is new in that. Whoever is gone meanwhile is left out.
    async fn record_usage(
        &self,
        keys: Vec<ApiKeyUse>,
        users: Vec<(UserId, Timestamp)>,
        logins: Vec<UserLogin>,
    ) -> StoreResult<()>;
}
