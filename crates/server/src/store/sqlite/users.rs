//! Users and identities in SQLite.

use super::writer::Transaction;
use super::{SqliteStore, columns, key_logins};
use crate::store::StoreResult;
use crate::store::audit::AuditEvent;
use crate::store::users::{
    IdentityRecord, LinkOutcome, NewUser, UserOrder, UserQuery, UserRecord, UserStore,
};
use async_trait::async_trait;
use keystead_protocol::id::{AppId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::UserType;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

const COLUMNS: &str = "user_id, app_id, user_type, anonymous, disabled, generation, created_at, last_seen_at";

#[async_trait]
impl UserStore for SqliteStore {
    async fn find_user(&self, user_id: UserId) -> StoreResult<Option<UserRecord>> {
        self.readers.read(|connection| find_user(connection, user_id))
    }

    async fn list_users(
        &self,
        app_id: AppId,
        query: UserQuery,
        limit: u32,
    ) -> StoreResult<Option<Vec<UserRecord>>> {
        let list = move |connection: &Connection| list_users(connection, app_id, &query, limit);
        self.readers.read_aside(list).await
    }

    async fn insert_user(&self, user: NewUser, audit: AuditEvent) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| insert_user(transaction, &user, &audit).map(drop))
            .await
    }

    async fn has_identity_owner(&self, user: &NewUser) -> StoreResult<bool> {
        let owner = self.readers.read(|connection| find_owner(connection, user.app_id, &user.identity))?;
        Ok(owner.is_some())
    }

    async fn find_or_insert_user_by_identity(
        &self,
        user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<UserRecord> {
        let known = self.readers.read(|connection| {
            let owner = find_owner(connection, user.app_id, &user.identity)?;
            owner.map_or(Ok(None), |user_id| find_user(connection, user_id))
        })?;
        let same = |stored: &IdentityRecord| {
            (stored.provider_type, &stored.identity_id, &stored.data)
                == (user.identity.provider_type, &user.identity.identity_id, &user.identity.data)
        };
        // Nothing to write: a login with an unchanged token costs no commit.
        if let Some(known) = known.filter(|known| known.identities.iter().any(same)) {
            return Ok(known);
        }
        self.writer
            .write_as(audit.guard, move |transaction| {
                let Some(user_id) = find_owner(transaction, user.app_id, &user.identity)? else {
                    insert_owner(transaction, user.app_id, &user.identity, user.user_id)?;
                    return insert_user(transaction, &user, &audit);
                };
                transaction.touch(user_id);
                transaction
                    .prepare_cached(
                        "UPDATE identities SET data = ?4
                         WHERE user_id = ?1 AND provider_type = ?2 AND identity_id = ?3",
                    )?
                    .execute(params![
                        user_id.object_id().as_bytes(),
                        user.identity.provider_type.as_str(),
                        user.identity.identity_id,
                        Value::Object(user.identity.data).to_string(),
                    ])?;
                find_user(transaction, user_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
            })
            .await
    }

    async fn link_identity(
        &self,
        user_id: UserId,
        app_id: AppId,
        identity: IdentityRecord,
        audit: AuditEvent,
    ) -> StoreResult<LinkOutcome> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                match find_owner(transaction, app_id, &identity)? {
                    Some(owner) if owner == user_id => return Ok(LinkOutcome::AlreadyLinked),
                    Some(_) => return Ok(LinkOutcome::OwnedByAnother),
                    None => {}
                }
                attach_identity(transaction, user_id, &identity)?;
                insert_owner(transaction, app_id, &identity, user_id)?;
                transaction.record(&audit)?;
                Ok(LinkOutcome::Linked)
            })
            .await
    }

    async fn set_user_disabled(
        &self,
        app_id: AppId,
        user_id: UserId,
        disabled: bool,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                transaction.touch(user_id);
                // Disabling raises the generation, so that enabling later revives no old session.
                let changed = transaction
                    .prepare_cached(
                        "UPDATE users SET generation = generation + (?3 AND NOT disabled), disabled = ?3
                         WHERE user_id = ?1 AND app_id = ?2",
                    )?
                    .execute(params![
                        user_id.object_id().as_bytes(),
                        app_id.object_id().as_bytes(),
                        disabled
                    ])?;
                if changed == 1 {
                    transaction.record(&audit)?;
                }
                key_logins::follow(transaction, user_id)?;
                Ok(changed == 1)
            })
            .await
    }

    async fn revoke_user_sessions(
        &self,
        app_id: AppId,
        user_id: UserId,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                transaction.touch(user_id);
                let changed = transaction
                    .prepare_cached(
                        "UPDATE users SET generation = generation + 1 WHERE user_id = ?1 AND app_id = ?2",
                    )?
                    .execute(params![user_id.object_id().as_bytes(), app_id.object_id().as_bytes()])?;
                if changed == 1 {
                    transaction.record(&audit)?;
                }
                key_logins::follow(transaction, user_id)?;
                Ok(changed == 1)
            })
            .await
    }

    async fn delete_user(&self, app_id: AppId, user_id: UserId, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let found: Option<i64> = columns::scalar(
                    transaction,
                    "SELECT 1 FROM users WHERE user_id = ?1 AND app_id = ?2",
                    params![user_id.object_id().as_bytes(), app_id.object_id().as_bytes()],
                )?;
                if found.is_none() {
                    return Ok(false);
                }
                delete_user_rows(transaction, user_id)?;
                transaction.record(&audit)?;
                Ok(true)
            })
            .await
    }
}

/// Looks at as many rows as it takes: no index serves what is seldom asked for, as each would cost every
/// write.
fn list_users(
    connection: &Connection,
    app_id: AppId,
    query: &UserQuery,
    limit: u32,
) -> rusqlite::Result<Option<Vec<UserRecord>>> {
    let column = match query.order {
        UserOrder::Id => "user_id",
        UserOrder::CreatedAt => "created_at",
        UserOrder::LastSeenAt => "last_seen_at",
    };
    let (beyond, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    let app_id = app_id.object_id().as_bytes();
    let after = query.after.as_ref().map(|id| id.object_id().as_bytes());
    let (place, value): (_, Option<i64>) = match (query.order, after) {
        (_, None) => ("?2 IS NULL AND ?3 IS NULL".to_owned(), None),
        (UserOrder::Id, Some(_)) => (format!("user_id {beyond} ?2 AND ?3 IS NULL"), None),
        (_, Some(after)) => {
            let sql = format!("SELECT {column} FROM users WHERE app_id = ?1 AND user_id = ?2");
            let Some(value) = columns::scalar(connection, &sql, [app_id, after])? else { return Ok(None) };
            (format!("({column}, user_id) {beyond} (?3, ?2)"), Some(value))
        }
    };
    // Spelled so that the one user is looked up, not looked for.
    let address = match &query.email {
        Some(_) => "user_id = (SELECT a.user_id FROM email_accounts a WHERE a.app_id = ?1 AND a.email = ?8)",
        None => "?8 IS NULL",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM users u WHERE app_id = ?1 AND {place} AND {address}
         AND (?4 IS NULL OR disabled = ?4)
         AND (?5 IS NULL
              OR EXISTS (SELECT 1 FROM identities i WHERE i.user_id = u.user_id
                         AND i.provider_type IN (SELECT value FROM json_each(?5)))
              OR (?6 AND EXISTS (SELECT 1 FROM api_keys k WHERE k.user_id = u.user_id
                                 AND (k.is_server_key = 1 OR k.last_used_at IS NOT NULL))))
         ORDER BY {column} {direction}, user_id {direction} LIMIT ?7"
    );
    let types = query.provider_types.as_ref();
    let names = types.map(|types| serde_json::json!(types).to_string());
    let with_keys = types.is_some_and(|types| types.contains(&ProviderType::ApiKey));
    let mut users: Vec<UserRecord> = connection
        .prepare(&sql)?
        .query_map(
            params![app_id, after, value, query.disabled, names, with_keys, limit, query.email],
            read_user,
        )?
        .collect::<rusqlite::Result<_>>()?;
    for user in &mut users {
        user.identities = list_identities(connection, user.user_id)?;
    }
    Ok(Some(users))
}

/// The user with their identities.
pub(super) fn find_user(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<UserRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE user_id = ?1");
    let id = user_id.object_id().as_bytes();
    let user = columns::optional(connection.prepare_cached(&sql)?.query_row([id], read_user))?;
    let Some(mut user) = user else { return Ok(None) };
    user.identities = list_identities(connection, user_id)?;
    Ok(Some(user))
}

/// Adds the user with their first identity, and returns them as they are now.
pub(super) fn insert_user(
    transaction: &mut Transaction<'_>,
    user: &NewUser,
    audit: &AuditEvent,
) -> rusqlite::Result<UserRecord> {
    let anonymous = user.identity.provider_type == ProviderType::AnonUser;
    transaction
        .prepare_cached(
            "INSERT INTO users (user_id, app_id, user_type, anonymous, created_at, last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        )?
        .execute(params![
            user.user_id.object_id().as_bytes(),
            user.app_id.object_id().as_bytes(),
            UserType::Normal.as_str(),
            anonymous,
            user.created_at.unix_seconds(),
        ])?;
    insert_identity(transaction, user.user_id, &user.identity)?;
    transaction.record(audit)?;
    find_user(transaction, user.user_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Gives an identity to a user, who is not anonymous from then on.
pub(super) fn attach_identity(
    transaction: &mut Transaction<'_>,
    user_id: UserId,
    identity: &IdentityRecord,
) -> rusqlite::Result<()> {
    transaction.touch(user_id);
    transaction
        .prepare_cached("UPDATE users SET anonymous = 0 WHERE user_id = ?1")?
        .execute([user_id.object_id().as_bytes()])?;
    insert_identity(transaction, user_id, identity)
}

/// Deletes the user with everything that is theirs.
pub(super) fn delete_user_rows(transaction: &mut Transaction<'_>, user_id: UserId) -> rusqlite::Result<()> {
    transaction.touch(user_id);
    key_logins::delete(transaction, user_id, None)?;
    for sql in [
        "DELETE FROM email_tokens WHERE (app_id, email) IN
             (SELECT app_id, email FROM email_accounts WHERE user_id = ?1)",
        "DELETE FROM email_accounts WHERE user_id = ?1",
        "DELETE FROM identity_owners WHERE (app_id, provider_type, identity_id) IN
             (SELECT u.app_id, i.provider_type, i.identity_id
              FROM users u JOIN identities i ON i.user_id = u.user_id WHERE u.user_id = ?1)",
        "DELETE FROM identities WHERE user_id = ?1",
        "DELETE FROM foreign_key_digests WHERE user_id = ?1",
        "DELETE FROM api_key_secrets WHERE user_id = ?1",
        "DELETE FROM api_keys WHERE user_id = ?1",
        "DELETE FROM revoked_sessions WHERE user_id = ?1",
        "DELETE FROM known_networks WHERE user_id = ?1",
        "DELETE FROM users WHERE user_id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([user_id.object_id().as_bytes()])?;
    }
    Ok(())
}

pub(super) fn insert_identity(
    transaction: &Transaction<'_>,
    user_id: UserId,
    identity: &IdentityRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO identities
                 (user_id, provider_type, identity_id, position, data, generation, created_at)
             VALUES (?1, ?2, ?3, (SELECT count(*) FROM identities WHERE user_id = ?1), ?4, ?5, ?6)",
        )?
        .execute(params![
            user_id.object_id().as_bytes(),
            identity.provider_type.as_str(),
            identity.identity_id,
            Value::Object(identity.data.clone()).to_string(),
            identity.generation,
            identity.created_at.unix_seconds(),
        ])?;
    Ok(())
}

pub(super) fn find_owner(
    connection: &Connection,
    app_id: AppId,
    identity: &IdentityRecord,
) -> rusqlite::Result<Option<UserId>> {
    let mut statement = connection.prepare_cached(
        "SELECT user_id FROM identity_owners
         WHERE app_id = ?1 AND provider_type = ?2 AND identity_id = ?3",
    )?;
    columns::optional(statement.query_row(
        params![app_id.object_id().as_bytes(), identity.provider_type.as_str(), identity.identity_id],
        |row| columns::id(row, 0),
    ))
}

pub(super) fn insert_owner(
    connection: &Connection,
    app_id: AppId,
    identity: &IdentityRecord,
    user_id: UserId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO identity_owners (app_id, provider_type, identity_id, user_id)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            app_id.object_id().as_bytes(),
            identity.provider_type.as_str(),
            identity.identity_id,
            user_id.object_id().as_bytes(),
        ])?;
    Ok(())
}

fn list_identities(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<IdentityRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT provider_type, identity_id, data, generation, created_at FROM identities
         WHERE user_id = ?1 ORDER BY position",
    )?;
    statement
        .query_map([user_id.object_id().as_bytes()], |row| {
            Ok(IdentityRecord {
                provider_type: columns::parsed(row, 0)?,
                identity_id: row.get(1)?,
                data: columns::json(row, 2)?,
                generation: row.get(3)?,
                created_at: columns::timestamp(row, 4)?,
            })
        })?
        .collect()
}

fn read_user(row: &Row<'_>) -> rusqlite::Result<UserRecord> {
    Ok(UserRecord {
        user_id: columns::id(row, 0)?,
        app_id: columns::id(row, 1)?,
        user_type: columns::parsed(row, 2)?,
        anonymous: row.get(3)?,
        disabled: row.get(4)?,
        generation: row.get(5)?,
        created_at: columns::timestamp(row, 6)?,
        last_seen_at: columns::timestamp(row, 7)?,
        identities: Vec::new(),
    })
}
