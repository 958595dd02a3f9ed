//! Mails that wait to be sent, sealed by the domain before they come here.

use super::StoreResult;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::MailId;

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRecord {
    /// The id.
    pub mail_id: MailId,
    /// The mail, encrypted.
    pub sealed_mail: Vec<u8>,
    /// One of very many, which waits for those that somebody asked for.
    pub bulk: bool,
    /// How often sending it failed.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_attempt_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
}

/// See [`OutboxRecord`].
#[async_trait]
pub trait OutboxStore {
    /// The mails that are due, at most `limit`, oldest first, and those that wait for others last.
    async fn list_due_mails(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OutboxRecord>>;

    /// Takes a mail out, sent or given up.
    async fn delete_mail(&self, mail_id: MailId) -> StoreResult<()>;

    /// Counts a failed attempt and says when to try again.
    async fn postpone_mail(&self, mail_id: MailId, next_attempt_at: Timestamp) -> StoreResult<()>;
}
