//! Removal of what has expired, in SQLite.

use super::SqliteStore;
use super::users::delete_user_rows;
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::sweep::SweepStore;
use async_trait::async_trait;
use keystead_protocol::id::ObjectId;
use rusqlite::params;

const EXPIRING: [&str; 3] = [
    "DELETE FROM email_accounts WHERE (app_id, email) IN
        (SELECT app_id, email FROM email_accounts WHERE pending_until < ?1 LIMIT ?2)",
    "DELETE FROM email_tokens WHERE token_id IN
        (SELECT token_id FROM email_tokens WHERE expires_at < ?1 LIMIT ?2)",
    // A revocation goes only after the token it revokes has ended by itself, so nobody's cached
    // state becomes wrong.
    "DELETE FROM revoked_sessions WHERE (user_id, session_id) IN
        (SELECT user_id, session_id FROM revoked_sessions WHERE expires_at < ?1 LIMIT ?2)",
];

#[async_trait]
impl SweepStore for SqliteStore {
    async fn delete_expired(
        &self,
        now: Timestamp,
        anonymous_before: Timestamp,
        limit: u32,
    ) -> StoreResult<u32> {
        self.writer
            .write(move |transaction| {
                let mut deleted = 0;
                for sql in EXPIRING {
                    deleted +=
                        transaction.prepare_cached(sql)?.execute(params![now.unix_seconds(), limit])?;
                }
                let mut users: Vec<[u8; 12]> = transaction
                    .prepare_cached(
                        "SELECT user_id FROM users WHERE anonymous = 1 AND last_seen_at < ?1 LIMIT ?2",
                    )?
                    .query_map(params![anonymous_before.unix_seconds(), limit], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                let of_deleted_apps: Vec<[u8; 12]> = transaction
                    .prepare_cached(
                        "SELECT u.user_id FROM apps a JOIN users u ON u.app_id = a.app_id
                         WHERE a.deleted_at IS NOT NULL LIMIT ?1",
                    )?
                    .query_map([limit], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                users.extend(of_deleted_apps);
                deleted += transaction
                    .prepare_cached(
                        "DELETE FROM email_accounts WHERE (app_id, email) IN
                             (SELECT e.app_id, e.email FROM apps a JOIN email_accounts e ON e.app_id = a.app_id
                              WHERE a.deleted_at IS NOT NULL AND e.user_id IS NULL LIMIT ?1)",
                    )?
                    .execute([limit])?;
                for user_id in &users {
                    delete_user_rows(transaction, ObjectId::from_bytes(*user_id).into())?;
                }
                Ok(u32::try_from(deleted + users.len()).unwrap_or(u32::MAX))
            })
            .await
    }
}
