//! Users and their identities.

use super::StoreResult;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AppId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::UserType;
use serde_json::{Map, Value};

/// A user with their identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The id.
    pub user_id: UserId,
    /// The application they belong to.
    pub app_id: AppId,
    /// Normal or server.
    pub user_type: UserType,
    /// Whether they never proved who they are.
    pub anonymous: bool,
    /// A disabled user cannot do anything.
    pub disabled: bool,
    /// Raised to end all of the user's sessions.
    pub generation: u32,
    /// When they first logged in.
    pub created_at: Timestamp,
    /// When they last logged in or renewed a session; late by up to one flush of the usage tracker.
    pub last_seen_at: Timestamp,
    /// In the order in which they were linked.
    pub identities: Vec<IdentityRecord>,
}

/// A user's tie to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRecord {
    /// Which provider.
    pub provider_type: ProviderType,
    /// The provider's name for the user.
    pub identity_id: String,
    /// What the provider said of the user.
    pub data: Map<String, Value>,
    /// Raised when the credential changes: ends the sessions opened with it.
    pub generation: u32,
    /// When it was linked.
    pub created_at: Timestamp,
}

/// A user to be made at a first login.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The id.
    pub user_id: UserId,
    /// The application.
    pub app_id: AppId,
    /// The identity of the login; [`ProviderType::AnonUser`] makes the user anonymous.
    pub identity: IdentityRecord,
    /// Now.
    pub created_at: Timestamp,
}

/// What became of an attempt to link an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// The user has it now.
    Linked,
    /// The user had it before.
    AlreadyLinked,
    /// Somebody else has it.
    OwnedByAnother,
    /// The user has another email identity; there can be one.
    SecondEmail,
}

/// Which users are listed, and how.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// What they are sorted by; those that are equal, by their ids.
    pub order: UserOrder,
    /// From the last to the first.
    pub descending: bool,
    /// Only those who come after this one.
    pub after: Option<UserId>,
    /// Only those who are disabled, or only those who are not.
    pub disabled: Option<bool>,
    /// Only those with an identity of one of these types.
    pub provider_types: Option<Vec<ProviderType>>,
    /// Only the one whose email account has this address.
    pub email: Option<String>,
}

/// What users are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserOrder {
    /// The id.
    #[default]
    Id,
    /// When they were made.
    CreatedAt,
    /// When they were last seen.
    LastSeenAt,
}

/// See [`UserRecord`]. Methods that change a user return whether there was one.
#[async_trait]
pub trait UserStore {
    /// The user with their stored identities (API keys are identities too, but stored as keys).
    async fn find_user(&self, user_id: UserId) -> StoreResult<Option<UserRecord>>;

    /// At most `limit` users of an application. `None` if they are to be those after a user who is gone,
    /// and whose place in the order is not known any more.
    async fn list_users(
        &self,
        app_id: AppId,
        query: UserQuery,
        limit: u32,
    ) -> StoreResult<Option<Vec<UserRecord>>>;

    /// Adds a user whose identity nobody can have yet.
    async fn insert_user(&self, user: NewUser, audit: AuditEvent) -> StoreResult<()>;

    /// Whether somebody owns the identity of `user`.
    async fn has_identity_owner(&self, user: &NewUser) -> StoreResult<bool>;

    /// The user who owns the identity of `user`, with that identity's data replaced, or else `user`,
    /// newly made, of which `audit` tells.
    async fn find_or_insert_user_by_identity(
        &self,
        user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<UserRecord>;

    /// Gives an external identity to the user of a session, who is not anonymous from then on.
    async fn link_identity(
        &self,
        user_id: UserId,
        app_id: AppId,
        identity: IdentityRecord,
        audit: AuditEvent,
    ) -> StoreResult<LinkOutcome>;

    /// Disables or enables a user. Disabling ends all sessions.
    async fn set_user_disabled(
        &self,
        app_id: AppId,
        user_id: UserId,
        disabled: bool,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Ends all sessions of a user.
    async fn revoke_user_sessions(
        &self,
        app_id: AppId,
        user_id: UserId,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Deletes a user with everything that is theirs.
    async fn delete_user(&self, app_id: AppId, user_id: UserId, audit: AuditEvent) -> StoreResult<bool>;
}
