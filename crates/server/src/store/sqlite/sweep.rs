//! Removal of what has expired, in SQLite.

use super::SqliteStore;
use super::users::delete_user_rows;
use super::writer::Transaction;
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::audit::{Action, AuditEvent};
use crate::store::sweep::SweepStore;
use async_trait::async_trait;
use keystead_protocol::id::ObjectId;
use rusqlite::params;
use std::collections::BTreeMap;

const EXPIRED_ACCOUNTS: &str = "DELETE FROM email_accounts WHERE (app_id, email) IN
    (SELECT app_id, email FROM email_accounts WHERE pending_until < ?1 LIMIT ?2) RETURNING app_id";
const EXPIRING: [&str; 3] = [
    "DELETE FROM email_tokens WHERE token_id IN
        (SELECT token_id FROM email_tokens WHERE expires_at < ?1 LIMIT ?2)",
    // A revocation goes only after the token it revokes has ended by itself, so nobody's cached
    // state becomes wrong.
    "DELETE FROM revoked_sessions WHERE (user_id, session_id) IN
        (SELECT user_id, session_id FROM revoked_sessions WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM revoked_admin_sessions WHERE session_id IN
        (SELECT session_id FROM revoked_admin_sessions WHERE expires_at < ?1 LIMIT ?2)",
];

#[async_trait]
impl SweepStore for SqliteStore {
    async fn delete_expired(
        &self,
        now: Timestamp,
        anonymous_before: Timestamp,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<u32> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let accounts: Vec<[u8; 12]> = transaction
                    .prepare_cached(EXPIRED_ACCOUNTS)?
                    .query_map(params![now.unix_seconds(), limit], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                let mut deleted = accounts.len();
                record_by_app(transaction, accounts, Action::EmailAccountsExpired, &audit)?;
                for sql in EXPIRING {
                    deleted +=
                        transaction.prepare_cached(sql)?.execute(params![now.unix_seconds(), limit])?;
                }
                let users: Vec<([u8; 12], [u8; 12])> = transaction
                    .prepare_cached(
                        "SELECT user_id, app_id FROM users
                         WHERE anonymous = 1 AND last_seen_at < ?1 LIMIT ?2",
                    )?
                    .query_map(params![anonymous_before.unix_seconds(), limit], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect::<rusqlite::Result<_>>()?;
                for (user_id, _) in &users {
                    delete_user_rows(transaction, ObjectId::from_bytes(*user_id).into())?;
                }
                deleted += users.len();
                let apps = users.into_iter().map(|(_, app_id)| app_id);
                record_by_app(transaction, apps, Action::AnonymousUsersExpired, &audit)?;
                deleted += delete_of_deleted_apps(transaction, limit)?;
                Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
            })
            .await
    }
}

/// One event for each application, which says how many of `apps` are this one: there may be very many, and
/// nobody did anything.
fn record_by_app(
    transaction: &Transaction<'_>,
    apps: impl IntoIterator<Item = [u8; 12]>,
    action: Action,
    audit: &AuditEvent,
) -> rusqlite::Result<()> {
    let mut counts = BTreeMap::<_, usize>::new();
    for app_id in apps {
        *counts.entry(app_id).or_default() += 1;
    }
    for (app_id, count) in counts {
        let app_id = Some(ObjectId::from_bytes(app_id).into());
        let subject = Some(count.to_string());
        transaction.record(&AuditEvent { app_id, action, subject, ..audit.clone() })?;
    }
    Ok(())
}

/// What remains of applications that were deleted. That they were is in the audit trail already.
fn delete_of_deleted_apps(transaction: &mut Transaction<'_>, limit: u32) -> rusqlite::Result<usize> {
    let users: Vec<[u8; 12]> = transaction
        .prepare_cached(
            "SELECT u.user_id FROM apps a JOIN users u ON u.app_id = a.app_id
             WHERE a.deleted_at IS NOT NULL LIMIT ?1",
        )?
        .query_map([limit], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for user_id in &users {
        delete_user_rows(transaction, ObjectId::from_bytes(*user_id).into())?;
    }
    let accounts = transaction
        .prepare_cached(
            "DELETE FROM email_accounts WHERE (app_id, email) IN
                 (SELECT e.app_id, e.email FROM apps a JOIN email_accounts e ON e.app_id = a.app_id
                  WHERE a.deleted_at IS NOT NULL AND e.user_id IS NULL LIMIT ?1)",
        )?
        .execute([limit])?;
    Ok(users.len() + accounts)
}
