//! Waiting mails in SQLite.

use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::outbox::{OutboxRecord, OutboxStore};
use async_trait::async_trait;
use keystead_protocol::id::MailId;
use rusqlite::{Connection, params};

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn list_due_mails(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OutboxRecord>> {
        self.readers.read(|connection| {
            let mut mails = list_due(connection, now, limit, false)?;
            let room = limit - u32::try_from(mails.len()).unwrap_or(limit);
            mails.extend(list_due(connection, now, room, true)?);
            Ok(mails)
        })
    }

    async fn delete_mail(&self, mail_id: MailId) -> StoreResult<()> {
        self.writer
            .write(move |transaction| {
                let id = mail_id.object_id().as_bytes();
                transaction.prepare_cached("DELETE FROM outbox WHERE mail_id = ?1")?.execute([id])?;
                Ok(())
            })
            .await
    }

    async fn postpone_mail(&self, mail_id: MailId, next_attempt_at: Timestamp) -> StoreResult<()> {
        self.writer
            .write(move |transaction| {
                transaction
                    .prepare_cached(
                        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?2 WHERE mail_id = ?1",
                    )?
                    .execute(params![mail_id.object_id().as_bytes(), next_attempt_at.unix_seconds()])?;
                Ok(())
            })
            .await
    }
}

fn list_due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
    bulk: bool,
) -> rusqlite::Result<Vec<OutboxRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT mail_id, sealed_mail, attempts, next_attempt_at, created_at FROM outbox
         WHERE bulk = ?3 AND next_attempt_at <= ?1 ORDER BY next_attempt_at LIMIT ?2",
    )?;
    statement
        .query_map(params![now.unix_seconds(), limit, bulk], |row| {
            Ok(OutboxRecord {
                mail_id: columns::id(row, 0)?,
                sealed_mail: row.get(1)?,
                bulk,
                attempts: row.get(2)?,
                next_attempt_at: columns::timestamp(row, 3)?,
                created_at: columns::timestamp(row, 4)?,
            })
        })?
        .collect()
}

pub(super) fn insert_mail(connection: &Connection, mail: &OutboxRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (mail_id, sealed_mail, bulk, attempts, next_attempt_at, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            mail.mail_id.object_id().as_bytes(),
            mail.sealed_mail,
            mail.bulk,
            mail.attempts,
            mail.next_attempt_at.unix_seconds(),
            mail.created_at.unix_seconds(),
        ])?;
    Ok(())
}
