//! Email accounts in SQLite.

use super::outbox::insert_mail;
use super::users::{attach_identity, find_user, insert_user};
use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::audit::{Action, AuditEvent};
use crate::store::email_accounts::{
    EmailAccountRecord, EmailAccountStore, EmailTokenPurpose, PresentedToken, SentToken,
};
use crate::store::users::{IdentityRecord, LinkOutcome, NewUser, UserRecord};
use async_trait::async_trait;
use keystead_protocol::id::{AppId, UserId};
use keystead_protocol::provider::ProviderType;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};

#[async_trait]
impl EmailAccountStore for SqliteStore {
    async fn find_email_account(
        &self,
        app_id: AppId,
        email: &str,
    ) -> StoreResult<Option<EmailAccountRecord>> {
        self.readers.read(|connection| find_account(connection, app_id, email))
    }

    async fn insert_email_account(
        &self,
        account: EmailAccountRecord,
        token: Option<SentToken>,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let inserted = insert_account(transaction, &account)?;
                if inserted {
                    token.map_or(Ok(()), |token| insert_token(transaction, &token))?;
                    transaction.record(&audit)?;
                }
                Ok(inserted)
            })
            .await
    }

    async fn insert_email_token(&self, token: SentToken) -> StoreResult<()> {
        self.writer.write(move |transaction| insert_token(transaction, &token)).await
    }

    async fn confirm_email(&self, token: PresentedToken, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let Some(email) = take_token(transaction, &token, EmailTokenPurpose::Confirm)? else {
                    return Ok(false);
                };
                confirm(transaction, token.app_id, &email, &audit)
            })
            .await
    }

    async fn confirm_email_account(
        &self,
        app_id: AppId,
        email: &str,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        let email = email.to_owned();
        self.writer
            .write_as(audit.guard, move |transaction| confirm(transaction, app_id, &email, &audit))
            .await
    }

    async fn has_email_token(&self, token: PresentedToken, purpose: EmailTokenPurpose) -> StoreResult<bool> {
        self.readers.read(|connection| {
            let found: Option<i64> = columns::scalar(
                connection,
                "SELECT 1 FROM email_tokens
                 WHERE token_id = ?1 AND app_id = ?2 AND purpose = ?3 AND digest = ?4 AND expires_at >= ?5",
                params![
                    token.token_id.object_id().as_bytes(),
                    token.app_id.object_id().as_bytes(),
                    purpose.as_str(),
                    token.digest,
                    token.now.unix_seconds(),
                ],
            )?;
            Ok(found.is_some())
        })
    }

    async fn reset_password(
        &self,
        token: PresentedToken,
        password_hash: String,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let Some(email) = take_token(transaction, &token, EmailTokenPurpose::Reset)? else {
                    return Ok(false);
                };
                confirm(transaction, token.app_id, &email, &audit)?;
                set_password(transaction, token.app_id, &email, &password_hash, &audit)
            })
            .await
    }

    async fn set_password(
        &self,
        app_id: AppId,
        email: &str,
        password_hash: String,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        let email = email.to_owned();
        self.writer
            .write_as(audit.guard, move |transaction| {
                set_password(transaction, app_id, &email, &password_hash, &audit)
            })
            .await
    }

    async fn upgrade_password_hash(
        &self,
        app_id: AppId,
        email: &str,
        old: &str,
        new: String,
    ) -> StoreResult<()> {
        let (email, old) = (email.to_owned(), old.to_owned());
        self.writer
            .write(move |transaction| {
                transaction.execute(
                    "UPDATE email_accounts SET password_hash = ?4
                     WHERE app_id = ?1 AND email = ?2 AND password_hash = ?3",
                    params![app_id.object_id().as_bytes(), email, old, new],
                )?;
                Ok(())
            })
            .await
    }

    async fn open_email_user(
        &self,
        email: &str,
        password_hash: &str,
        mut user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<Option<UserRecord>> {
        let existing = self.readers.read(|connection| {
            let account = find_account(connection, user.app_id, email)?;
            let account = account.filter(|account| account.password_hash == password_hash);
            match account.and_then(|account| account.user_id) {
                Some(user_id) => find_user(connection, user_id),
                None => Ok(None),
            }
        })?;
        if existing.is_some() {
            return Ok(existing);
        }
        let (email, password_hash) = (email.to_owned(), password_hash.to_owned());
        self.writer
            .write_as(audit.guard, move |transaction| {
                let account = find_account(transaction, user.app_id, &email)?;
                let Some(account) = account.filter(|account| account.password_hash == password_hash) else {
                    return Ok(None);
                };
                if let Some(user_id) = account.user_id {
                    return find_user(transaction, user_id);
                }
                user.identity = identity_of(&account, user.created_at);
                set_account_user(transaction, &account, user.user_id)?;
                insert_user(transaction, &user, &audit).map(Some)
            })
            .await
    }

    async fn link_email_account(
        &self,
        user_id: UserId,
        app_id: AppId,
        email: &str,
        password_hash: &str,
        now: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<LinkOutcome> {
        let (email, password_hash) = (email.to_owned(), password_hash.to_owned());
        self.writer
            .write_as(audit.guard, move |transaction| {
                let account = find_account(transaction, app_id, &email)?;
                let account = account.filter(|account| account.password_hash == password_hash);
                let Some(account) = account else { return Ok(LinkOutcome::OwnedByAnother) };
                match account.user_id {
                    Some(owner) if owner == user_id => return Ok(LinkOutcome::AlreadyLinked),
                    Some(_) => return Ok(LinkOutcome::OwnedByAnother),
                    None => {}
                }
                let other: Option<i64> = columns::scalar(
                    transaction,
                    "SELECT 1 FROM identities WHERE user_id = ?1 AND provider_type = 'local-userpass'",
                    [user_id.object_id().as_bytes()],
                )?;
                if other.is_some() {
                    return Ok(LinkOutcome::SecondEmail);
                }
                attach_identity(transaction, user_id, &identity_of(&account, now))?;
                set_account_user(transaction, &account, user_id)?;
                transaction.record(&audit)?;
                Ok(LinkOutcome::Linked)
            })
            .await
    }
}

/// Adds an account; `false` if the address is taken.
pub(super) fn insert_account(
    connection: &Connection,
    account: &EmailAccountRecord,
) -> rusqlite::Result<bool> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO email_accounts
                 (app_id, email, identity_id, password_hash, created_at, pending_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (app_id, email) DO NOTHING",
        )?
        .execute(params![
            account.app_id.object_id().as_bytes(),
            account.email,
            account.identity_id.as_bytes(),
            account.password_hash,
            account.created_at.unix_seconds(),
            account.pending_until.map(Timestamp::unix_seconds),
        ])?;
    Ok(inserted == 1)
}

pub(super) fn find_account(
    connection: &Connection,
    app_id: AppId,
    email: &str,
) -> rusqlite::Result<Option<EmailAccountRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT identity_id, password_hash, user_id, created_at, pending_until FROM email_accounts
         WHERE app_id = ?1 AND email = ?2",
    )?;
    columns::optional(statement.query_row(params![app_id.object_id().as_bytes(), email], |row| {
        Ok(EmailAccountRecord {
            app_id,
            email: email.to_owned(),
            identity_id: columns::id(row, 0)?,
            password_hash: row.get(1)?,
            user_id: columns::optional_id(row, 2)?,
            created_at: columns::timestamp(row, 3)?,
            pending_until: columns::optional_timestamp(row, 4)?,
        })
    }))
}

/// Confirms an account, if there is one. Of one that was not confirmed before, `audit` tells, completed with
/// which it is.
fn confirm(
    transaction: &Transaction<'_>,
    app_id: AppId,
    email: &str,
    audit: &AuditEvent,
) -> rusqlite::Result<bool> {
    let Some(account) = find_account(transaction, app_id, email)? else { return Ok(false) };
    if account.pending_until.is_some() {
        transaction.execute(
            "UPDATE email_accounts SET pending_until = NULL WHERE app_id = ?1 AND email = ?2",
            params![app_id.object_id().as_bytes(), email],
        )?;
        let audit = AuditEvent { action: Action::EmailAccountConfirmed, ..about(&account, audit) };
        transaction.record(&audit)?;
    }
    Ok(true)
}

/// The event, completed with whose account it is about.
fn about(account: &EmailAccountRecord, audit: &AuditEvent) -> AuditEvent {
    let subject = Some(account.identity_id.to_string());
    AuditEvent { user_id: account.user_id, subject, ..audit.clone() }
}

/// Sets the password of an account, if there is one. `audit` is completed with whose it is.
fn set_password(
    transaction: &mut Transaction<'_>,
    app_id: AppId,
    email: &str,
    password_hash: &str,
    audit: &AuditEvent,
) -> rusqlite::Result<bool> {
    let Some(account) = find_account(transaction, app_id, email)? else { return Ok(false) };
    transaction.execute(
        "UPDATE email_accounts SET password_hash = ?3 WHERE app_id = ?1 AND email = ?2",
        params![app_id.object_id().as_bytes(), email, password_hash],
    )?;
    if let Some(user_id) = account.user_id {
        transaction.touch(user_id);
        transaction.execute(
            "UPDATE identities SET generation = generation + 1
             WHERE user_id = ?1 AND provider_type = 'local-userpass'",
            [user_id.object_id().as_bytes()],
        )?;
    }
    transaction.record(&about(&account, audit))?;
    Ok(true)
}

pub(super) fn set_account_user(
    connection: &Connection,
    account: &EmailAccountRecord,
    user_id: UserId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE email_accounts SET user_id = ?3 WHERE app_id = ?1 AND email = ?2")?
        .execute(params![
            account.app_id.object_id().as_bytes(),
            account.email,
            user_id.object_id().as_bytes()
        ])?;
    Ok(())
}

pub(super) fn identity_of(account: &EmailAccountRecord, now: Timestamp) -> IdentityRecord {
    IdentityRecord {
        provider_type: ProviderType::LocalUserpass,
        identity_id: account.identity_id.to_string(),
        data: Map::from_iter([("email".to_owned(), Value::String(account.email.clone()))]),
        generation: 0,
        created_at: now,
    }
}

pub(super) fn insert_token(
    connection: &Connection,
    SentToken { token, mail }: &SentToken,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM email_tokens WHERE app_id = ?1 AND email = ?2 AND purpose = ?3")?
        .execute(params![token.app_id.object_id().as_bytes(), token.email, token.purpose.as_str()])?;
    connection
        .prepare_cached(
            "INSERT INTO email_tokens (token_id, app_id, email, purpose, digest, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            token.token_id.object_id().as_bytes(),
            token.app_id.object_id().as_bytes(),
            token.email,
            token.purpose.as_str(),
            token.digest,
            token.expires_at.unix_seconds(),
        ])?;
    mail.as_ref().map_or(Ok(()), |mail| insert_mail(connection, mail))
}

/// Uses a token up and returns its account's address; `None` if it is unknown, expired or for
/// something else.
fn take_token(
    transaction: &Transaction<'_>,
    token: &PresentedToken,
    purpose: EmailTokenPurpose,
) -> rusqlite::Result<Option<String>> {
    columns::scalar(
        transaction,
        "DELETE FROM email_tokens
         WHERE token_id = ?1 AND app_id = ?2 AND purpose = ?3 AND digest = ?4 AND expires_at >= ?5
         RETURNING email",
        params![
            token.token_id.object_id().as_bytes(),
            token.app_id.object_id().as_bytes(),
            purpose.as_str(),
            token.digest,
            token.now.unix_seconds(),
        ],
    )
}
