//! Key pairs of administrators.

use super::StoreResult;
use super::admins::AdminScope;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::AdminId;

/// A key pair, which is an administrator of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminKeyRecord {
    /// The id of the pair, and of the administrator that it is.
    pub admin_id: AdminId,
    /// What people call it.
    pub name: String,
    /// The half that is no secret.
    pub public_key: String,
    /// Of the private key: HMAC-SHA-256 under the pepper.
    pub digest: [u8; 32],
    /// What it administers.
    pub scope: AdminScope,
    /// When it was made.
    pub created_at: Timestamp,
}

/// See [`AdminKeyRecord`].
#[async_trait]
pub trait AdminKeyStore {
    /// Adds a key pair.
    async fn insert_admin_key(&self, key: AdminKeyRecord, audit: AuditEvent) -> StoreResult<()>;

    /// All key pairs, oldest first.
    async fn list_admin_keys(&self) -> StoreResult<Vec<AdminKeyRecord>>;

    /// The key pair with this public key.
    async fn find_admin_key(&self, public_key: &str) -> StoreResult<Option<AdminKeyRecord>>;

    /// Deletes a key pair, and with it the administrator; `false` if there is none.
    async fn delete_admin_key(&self, admin_id: AdminId, audit: AuditEvent) -> StoreResult<bool>;
}
