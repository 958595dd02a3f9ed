//! Administrators of this server.

use super::StoreResult;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an administrator administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminScope {
    /// Everything, applications to come included.
    WholeServer,
    /// These applications; there may be none.
    Apps(Arc<BTreeSet<AppId>>),
}

impl AdminScope {
    /// Whether this application is among what is administered.
    pub fn includes(&self, app_id: AppId) -> bool {
        match self {
            Self::WholeServer => true,
            Self::Apps(apps) => apps.contains(&app_id),
        }
    }
}

/// Somebody who may use the admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminRecord {
    /// The id.
    pub admin_id: AdminId,
    /// What they log in with.
    pub email: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Raised when the password changes: ends their sessions.
    pub generation: u32,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// See [`AdminRecord`].
#[async_trait]
pub trait AdminStore {
    /// Whether there is any administrator yet.
    async fn has_admin(&self) -> StoreResult<bool>;

    /// The administrator with this email address.
    async fn find_admin_by_email(&self, email: &str) -> StoreResult<Option<AdminRecord>>;

    /// The administrator with this id.
    async fn find_admin(&self, admin_id: AdminId) -> StoreResult<Option<AdminRecord>>;

    /// Makes this the administrator, in the place of whoever was; or, if the email address is the same,
    /// sets the password and raises the generation.
    async fn put_admin(&self, admin: AdminRecord, audit: AuditEvent) -> StoreResult<()>;
}
