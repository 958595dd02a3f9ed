//! Administrators of this server.

use super::StoreResult;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId, SessionId};
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

/// What a session of an administrator stands on, be it the account or a key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminStanding {
    /// What they log in with: an email address or a public key.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// What they administer.
    pub scope: AdminScope,
    /// See [`AdminRecord::generation`].
    pub generation: u32,
    /// Whether the session was logged out.
    pub revoked: bool,
}

/// See [`AdminRecord`].
#[async_trait]
pub trait AdminStore {
    /// Whether there is any administrator yet.
    async fn has_admin(&self) -> StoreResult<bool>;

    /// The administrator with this email address.
    async fn find_admin_by_email(&self, email: &str) -> StoreResult<Option<AdminRecord>>;

    /// What a session of this administrator stands on; `None` if there is no such administrator any more.
    async fn find_admin_standing(
        &self,
        admin_id: AdminId,
        session_id: SessionId,
    ) -> StoreResult<Option<AdminStanding>>;

    /// Ends a session of an administrator. The record is kept until `expires_at`, when its tokens have
    /// ended by themselves.
    async fn revoke_admin_session(
        &self,
        session_id: SessionId,
        expires_at: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<()>;

    /// Makes this the administrator, in the place of whoever was; or, if the email address is the same,
    /// sets the password and raises the generation.
    async fn put_admin(&self, admin: AdminRecord, audit: AuditEvent) -> StoreResult<()>;
}
