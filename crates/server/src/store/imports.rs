//! Users who come from another system, with the ids that they had there.

use super::StoreResult;
use super::audit::AuditEvent;
use super::email_accounts::SentToken;
use super::users::IdentityRecord;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AppId, ObjectId, UserId};
use keystead_protocol::provider::ProviderType;
use serde_json::{Map, Value};

/// A user as another system knew them.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// The id that they had there.
    pub user_id: UserId,
    /// Their email account, if they have one.
    pub account: Option<ImportedAccount>,
    /// Their identities of other kinds.
    pub identities: Vec<IdentityRecord>,
    /// A disabled user cannot do anything.
    pub disabled: bool,
    /// When they were made there.
    pub created_at: Timestamp,
    /// When they were last seen there.
    pub last_seen_at: Timestamp,
}

/// The email account of an imported user.
#[derive(Clone)]
pub struct ImportedAccount {
    /// The address.
    pub email: String,
    /// The id of the identity.
    pub identity_id: ObjectId,
    /// Of the other system's making, or one that no password matches.
    pub password_hash: String,
    /// Until when it waits for confirmation; `None` if confirmed.
    pub pending_until: Option<Timestamp>,
    /// What the profile says, the address among it.
    pub data: Map<String, Value>,
    /// With which the account is claimed, if a mail says so.
    pub claim: Option<SentToken>,
}

impl std::fmt::Debug for ImportedAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportedAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

/// What became of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportUserOutcome {
    /// Stored.
    Imported,
    /// It was there, with the same address and identities.
    Unchanged,
    /// The id is that of another application's user.
    OfAnotherApp,
    /// The user is there, and has not this address.
    OtherEmail,
    /// The user is there, and has not this identity.
    LacksIdentity(ProviderType),
    /// Somebody else has the address.
    EmailTaken,
    /// Somebody else has the identity.
    IdentityTaken(ProviderType),
}

/// See [`ImportedUser`].
#[async_trait]
pub trait ImportStore {
    /// Stores those users who are not there and in nobody's way, in one transaction, and says of each what
    /// became of it. `audit` is recorded once, with how many there were. With `dry_run` nothing is kept.
    async fn import_users(
        &self,
        app_id: AppId,
        users: Vec<ImportedUser>,
        dry_run: bool,
        audit: AuditEvent,
    ) -> StoreResult<Vec<ImportUserOutcome>>;
}
