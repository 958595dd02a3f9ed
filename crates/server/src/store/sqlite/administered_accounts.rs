//! What administrators do about email accounts, in SQLite.

use super::email_accounts::{find_account, identity_of, insert_account, insert_token, set_account_user};
use super::users::insert_user;
use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::administered_accounts::{AdministeredAccountStore, SetEmailOutcome};
use crate::store::audit::AuditEvent;
use crate::store::email_accounts::{EmailAccountRecord, SentToken};
use crate::store::users::{NewUser, UserRecord};
use async_trait::async_trait;
use keystead_protocol::id::{AppId, ObjectId, UserId};
use rusqlite::params;

const DELETE_TOKENS: &str = "DELETE FROM email_tokens WHERE app_id = ?1 AND email = ?2";

#[async_trait]
impl AdministeredAccountStore for SqliteStore {
    async fn insert_email_user(
        &self,
        account: EmailAccountRecord,
        mut user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<Option<UserRecord>> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                if !insert_account(transaction, &account)? {
                    return Ok(None);
                }
                set_account_user(transaction, &account, user.user_id)?;
                user.identity = identity_of(&account, user.created_at);
                insert_user(transaction, &user, &audit).map(Some)
            })
            .await
    }

    async fn set_user_email(
        &self,
        app_id: AppId,
        user_id: UserId,
        email: String,
        audit: AuditEvent,
    ) -> StoreResult<SetEmailOutcome> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                set_user_email(transaction, app_id, user_id, &email, &audit)
            })
            .await
    }

    async fn list_pending_email_accounts(
        &self,
        app_id: AppId,
        after: Option<ObjectId>,
        limit: u32,
    ) -> StoreResult<Vec<EmailAccountRecord>> {
        self.readers.read(|connection| {
            let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
            let emails: Vec<String> = connection
                .prepare_cached(
                    "SELECT email FROM email_accounts
                     WHERE app_id = ?1 AND pending_until IS NOT NULL AND identity_id > ?2
                     ORDER BY identity_id LIMIT ?3",
                )?
                .query_map(params![app_id.object_id().as_bytes(), after, limit], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let accounts = emails.iter().map(|email| find_account(connection, app_id, email));
            accounts.filter_map(Result::transpose).collect()
        })
    }

    async fn confirm_pending_email_account(
        &self,
        app_id: AppId,
        email: &str,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        let email = email.to_owned();
        self.writer
            .write_as(audit.guard, move |transaction| {
                let Some(account) = find_pending(transaction, app_id, &email)? else { return Ok(false) };
                transaction.execute(
                    "UPDATE email_accounts SET pending_until = NULL WHERE app_id = ?1 AND email = ?2",
                    params![app_id.object_id().as_bytes(), email],
                )?;
                record(transaction, &account, &audit)
            })
            .await
    }

    async fn insert_confirmation_token(&self, token: SentToken, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let account = find_pending(transaction, token.token.app_id, &token.token.email)?;
                let Some(account) = account else { return Ok(false) };
                insert_token(transaction, &token)?;
                record(transaction, &account, &audit)
            })
            .await
    }

    async fn delete_pending_email_account(
        &self,
        app_id: AppId,
        email: &str,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        let email = email.to_owned();
        self.writer
            .write_as(audit.guard, move |transaction| {
                let Some(account) = find_pending(transaction, app_id, &email)? else { return Ok(false) };
                let key = params![app_id.object_id().as_bytes(), email];
                transaction.execute(DELETE_TOKENS, key)?;
                transaction.execute("DELETE FROM email_accounts WHERE app_id = ?1 AND email = ?2", key)?;
                record(transaction, &account, &audit)
            })
            .await
    }
}

fn set_user_email(
    transaction: &Transaction<'_>,
    app_id: AppId,
    user_id: UserId,
    email: &str,
    audit: &AuditEvent,
) -> rusqlite::Result<SetEmailOutcome> {
    let (app, user) = (app_id.object_id().as_bytes(), user_id.object_id().as_bytes());
    let exists = "SELECT 1 FROM users WHERE user_id = ?1 AND app_id = ?2";
    if columns::scalar::<i64>(transaction, exists, [user, app])?.is_none() {
        return Ok(SetEmailOutcome::NoSuchUser);
    }
    let current = "SELECT email FROM email_accounts WHERE user_id = ?1";
    let Some(current) = columns::scalar::<String>(transaction, current, [user])? else {
        return Ok(SetEmailOutcome::NoAccount);
    };
    if current == email {
        return Ok(SetEmailOutcome::Set);
    }
    if find_account(transaction, app_id, email)?.is_some() {
        return Ok(SetEmailOutcome::Taken);
    }
    transaction.execute(DELETE_TOKENS, params![app, current])?;
    transaction.execute(
        "UPDATE email_accounts SET email = ?3 WHERE app_id = ?1 AND email = ?2",
        params![app, current, email],
    )?;
    transaction.execute(
        "UPDATE identities SET data = json_set(data, '$.email', ?2)
         WHERE user_id = ?1 AND provider_type = 'local-userpass'",
        params![user, email],
    )?;
    transaction.record(audit)?;
    Ok(SetEmailOutcome::Set)
}

fn find_pending(
    transaction: &Transaction<'_>,
    app_id: AppId,
    email: &str,
) -> rusqlite::Result<Option<EmailAccountRecord>> {
    let account = find_account(transaction, app_id, email)?;
    Ok(account.filter(|account| account.pending_until.is_some()))
}

/// Records what was done to an account, by the id of its identity: addresses are not for the trail.
fn record(
    transaction: &Transaction<'_>,
    account: &EmailAccountRecord,
    audit: &AuditEvent,
) -> rusqlite::Result<bool> {
    transaction.record(&audit.clone().about(&account.identity_id))?;
    Ok(true)
}
