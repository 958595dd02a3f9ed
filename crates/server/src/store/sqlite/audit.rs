//! The audit trail in SQLite.

use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::audit::{AuditChain, AuditEvent, AuditStore};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl AuditStore for SqliteStore {
    async fn record_audit_events(&self, events: Vec<AuditEvent>) -> StoreResult<()> {
        self.writer
            .write(move |transaction| events.iter().try_for_each(|event| append(transaction, event)))
            .await
    }
}

/// Appends a row to the trail, in the transaction of what it says.
pub(super) fn append(transaction: &Transaction<'_>, event: &AuditEvent) -> rusqlite::Result<()> {
    let mut last = transaction
        .prepare_cached("SELECT sequence, mac FROM audit_events ORDER BY sequence DESC LIMIT 1")?;
    let last = columns::optional(last.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))))?;
    let (sequence, previous) = last.unwrap_or((0, AuditChain::START));
    let sequence = sequence + 1;
    let (actor, actor_id) = event.actor.stored();
    transaction
        .prepare_cached(
            "INSERT INTO audit_events (sequence, at, app_id, actor, actor_id, action, user_id, subject,
                                       address, request_id, outcome, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            sequence,
            event.at.unix_seconds(),
            event.app_id.as_ref().map(|id| id.object_id().as_bytes()),
            actor,
            actor_id,
            event.action.as_str(),
            event.user_id.as_ref().map(|id| id.object_id().as_bytes()),
            event.subject,
            event.address.map(|address| address.to_string()),
            event.request_id.as_ref().map(|id| id.object_id().as_bytes()),
            event.outcome.as_str(),
            transaction.audit_chain.link(&previous, sequence, event),
        ])?;
    Ok(())
}
