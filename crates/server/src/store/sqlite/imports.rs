//! Importing users into SQLite. Everything is looked up before anything is written, so that a user is
//! stored whole or not at all.

use super::email_accounts::{find_account, insert_token};
use super::users::{find_owner, insert_identity, insert_owner};
use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::audit::AuditEvent;
use crate::store::imports::{ImportStore, ImportUserOutcome, ImportedAccount, ImportedUser};
use crate::store::users::IdentityRecord;
use async_trait::async_trait;
use keystead_protocol::id::{AppId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::UserType;
use rusqlite::params;

#[async_trait]
impl ImportStore for SqliteStore {
    async fn import_users(
        &self,
        app_id: AppId,
        users: Vec<ImportedUser>,
        dry_run: bool,
        audit: AuditEvent,
    ) -> StoreResult<Vec<ImportUserOutcome>> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let outcomes: Vec<_> = tentatively(transaction, dry_run, |transaction| {
                    users.iter().map(|user| import_user(transaction, app_id, user)).collect()
                })?;
                let imported = outcomes.iter().filter(|outcome| **outcome == ImportUserOutcome::Imported);
                record_count(transaction, &audit, if dry_run { 0 } else { imported.count() }, "users")?;
                Ok(outcomes)
            })
            .await
    }
}

/// Does `work`, and undoes it if it was only to be tried.
pub(super) fn tentatively<T>(
    transaction: &mut Transaction<'_>,
    undo: bool,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    if !undo {
        return work(transaction);
    }
    transaction.prepare_cached("SAVEPOINT trial")?.execute([])?;
    let result = work(transaction);
    transaction.prepare_cached("ROLLBACK TO trial")?.execute([])?;
    transaction.prepare_cached("RELEASE trial")?.execute([])?;
    result
}

/// Remembers that so many were imported, if there were any.
pub(super) fn record_count(
    transaction: &Transaction<'_>,
    audit: &AuditEvent,
    count: usize,
    things: &str,
) -> rusqlite::Result<()> {
    if count == 0 {
        return Ok(());
    }
    transaction.record(&AuditEvent { subject: Some(format!("{count} {things}")), ..audit.clone() })
}

fn import_user(
    transaction: &Transaction<'_>,
    app_id: AppId,
    user: &ImportedUser,
) -> rusqlite::Result<ImportUserOutcome> {
    let mut known = transaction.prepare_cached("SELECT app_id FROM users WHERE user_id = ?1")?;
    let known = known.query_row([user.user_id.object_id().as_bytes()], |row| columns::id::<AppId>(row, 0));
    match columns::optional(known)? {
        Some(owner) if owner != app_id => return Ok(ImportUserOutcome::OfAnotherApp),
        Some(_) => return compare(transaction, app_id, user),
        None => {}
    }
    if let Some(account) = &user.account
        && find_account(transaction, app_id, &account.email)?.is_some()
    {
        return Ok(ImportUserOutcome::EmailTaken);
    }
    for identity in &user.identities {
        if find_owner(transaction, app_id, identity)?.is_some() {
            return Ok(ImportUserOutcome::IdentityTaken(identity.provider_type));
        }
    }
    // Nothing that is cached changes with a new user, so nobody is touched.
    insert_user(transaction, app_id, user)?;
    if let Some(account) = &user.account {
        insert_account(transaction, app_id, user.user_id, account, user.created_at)?;
    }
    for identity in &user.identities {
        insert_identity(transaction, user.user_id, identity)?;
        insert_owner(transaction, app_id, identity, user.user_id)?;
    }
    Ok(ImportUserOutcome::Imported)
}

/// What else a user is may have changed since an earlier import; who they are may not.
fn compare(
    transaction: &Transaction<'_>,
    app_id: AppId,
    user: &ImportedUser,
) -> rusqlite::Result<ImportUserOutcome> {
    if let Some(account) = &user.account {
        let found = find_account(transaction, app_id, &account.email)?;
        match found.map(|found| found.user_id) {
            Some(owner) if owner == Some(user.user_id) => {}
            Some(_) => return Ok(ImportUserOutcome::EmailTaken),
            None => return Ok(ImportUserOutcome::OtherEmail),
        }
    }
    for identity in &user.identities {
        match find_owner(transaction, app_id, identity)? {
            Some(owner) if owner == user.user_id => {}
            Some(_) => return Ok(ImportUserOutcome::IdentityTaken(identity.provider_type)),
            None => return Ok(ImportUserOutcome::LacksIdentity(identity.provider_type)),
        }
    }
    Ok(ImportUserOutcome::Unchanged)
}

/// An id can come back after its user was deleted, so the generation is one that no token of theirs has.
fn insert_user(transaction: &Transaction<'_>, app_id: AppId, user: &ImportedUser) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO users (user_id, app_id, user_type, anonymous, disabled, created_at, last_seen_at, generation)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, unixepoch())",
        )?
        .execute(params![
            user.user_id.object_id().as_bytes(),
            app_id.object_id().as_bytes(),
            UserType::Normal.as_str(),
            user.disabled,
            user.created_at.unix_seconds(),
            user.last_seen_at.unix_seconds(),
        ])?;
    Ok(())
}

fn insert_account(
    transaction: &Transaction<'_>,
    app_id: AppId,
    user_id: UserId,
    account: &ImportedAccount,
    created_at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO email_accounts
                 (app_id, email, identity_id, password_hash, user_id, created_at, pending_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            app_id.object_id().as_bytes(),
            account.email,
            account.identity_id.as_bytes(),
            account.password_hash,
            user_id.object_id().as_bytes(),
            created_at.unix_seconds(),
            account.pending_until.map(Timestamp::unix_seconds),
        ])?;
    let identity = IdentityRecord {
        provider_type: ProviderType::LocalUserpass,
        identity_id: account.identity_id.to_text(),
        data: account.data.clone(),
        generation: 0,
        created_at,
    };
    insert_identity(transaction, user_id, &identity)?;
    account.claim.as_ref().map_or(Ok(()), |claim| insert_token(transaction, claim))
}
