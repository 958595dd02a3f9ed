//! API keys in SQLite.

use super::networks::record_sighting;
use super::sessions::stands;
use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::api_keys::{
    ApiKeyLogin, ApiKeyRecord, ApiKeyStore, ApiKeyUse, InsertApiKeyOutcome, NewApiKey,
};
use crate::store::audit::AuditEvent;
use crate::store::networks::UserLogin;
use crate::store::sessions::{ApiKeyState, SessionGuard};
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, UserId};
use rusqlite::{Connection, Row, params};

const COLUMNS: &str = "key_id, name, disabled, created_at, last_used_at";

#[async_trait]
impl ApiKeyStore for SqliteStore {
    async fn insert_api_key(
        &self,
        key: NewApiKey,
        limit: u32,
        session: Option<SessionGuard>,
        audit: AuditEvent,
    ) -> StoreResult<InsertApiKeyOutcome> {
        self.writer
            .write(move |transaction| match session {
                Some(guard) if !stands(transaction, &guard)? => Ok(InsertApiKeyOutcome::SessionEnded),
                _ => insert_api_key(transaction, &key, limit, &audit),
            })
            .await
    }

    async fn list_api_keys(&self, user_id: UserId) -> StoreResult<Vec<ApiKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE user_id = ?1 ORDER BY key_id");
            connection
                .prepare_cached(&sql)?
                .query_map([user_id.object_id().as_bytes()], read_api_key)?
                .collect()
        })
    }

    async fn find_api_key(&self, user_id: UserId, key_id: ApiKeyId) -> StoreResult<Option<ApiKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE user_id = ?1 AND key_id = ?2");
            let ids = params![user_id.object_id().as_bytes(), key_id.object_id().as_bytes()];
            columns::optional(connection.prepare_cached(&sql)?.query_row(ids, read_api_key))
        })
    }

    async fn set_api_key_disabled(
        &self,
        user_id: UserId,
        key_id: ApiKeyId,
        disabled: bool,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write(move |transaction| {
                transaction.touch(user_id);
                // Disabling raises the generation, so that enabling later revives no old session.
                let changed = transaction
                    .prepare_cached(
                        "UPDATE api_keys SET generation = generation + (?3 AND NOT disabled), disabled = ?3
                         WHERE user_id = ?1 AND key_id = ?2",
                    )?
                    .execute(params![
                        user_id.object_id().as_bytes(),
                        key_id.object_id().as_bytes(),
                        disabled
                    ])?;
                if changed == 1 {
                    transaction.record(&audit)?;
                }
                Ok(changed == 1)
            })
            .await
    }

    async fn delete_api_key(
        &self,
        user_id: UserId,
        key_id: ApiKeyId,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write(move |transaction| {
                transaction.touch(user_id);
                let ids = params![user_id.object_id().as_bytes(), key_id.object_id().as_bytes()];
                for sql in [
                    "DELETE FROM api_key_secrets WHERE user_id = ?1 AND key_id = ?2",
                    "DELETE FROM known_networks WHERE user_id = ?1 AND key_id = ?2",
                ] {
                    transaction.prepare_cached(sql)?.execute(ids)?;
                }
                let deleted = transaction
                    .prepare_cached("DELETE FROM api_keys WHERE user_id = ?1 AND key_id = ?2")?
                    .execute(ids)?;
                if deleted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(deleted == 1)
            })
            .await
    }

    async fn find_api_key_login(
        &self,
        _locator: &str,
        digest: &[u8; 32],
    ) -> StoreResult<Option<ApiKeyLogin>> {
        self.cache.key_login(
            digest,
            || self.readers.commits(),
            || self.readers.read(|connection| read_key_login(connection, digest)),
        )
    }

    async fn record_usage(
        &self,
        keys: Vec<ApiKeyUse>,
        users: Vec<(UserId, Timestamp)>,
        logins: Vec<UserLogin>,
    ) -> StoreResult<()> {
        self.writer
            .write(move |transaction| {
                let mut use_key = transaction.prepare_cached(
                    "UPDATE api_keys SET last_used_at = ?3, last_used_from = ?4, last_used_agent = ?5
                     WHERE user_id = ?1 AND key_id = ?2",
                )?;
                for key in keys {
                    let found = use_key.execute(params![
                        key.user_id.object_id().as_bytes(),
                        key.key_id.object_id().as_bytes(),
                        key.at.unix_seconds(),
                        key.from,
                        key.agent,
                    ])?;
                    for sighting in key.sightings.iter().filter(|_| found == 1) {
                        record_sighting(transaction, key.user_id, Some(key.key_id), sighting)?;
                    }
                }
                let mut see_user =
                    transaction.prepare_cached("UPDATE users SET last_seen_at = ?2 WHERE user_id = ?1")?;
                for (user_id, at) in users {
                    see_user.execute(params![user_id.object_id().as_bytes(), at.unix_seconds()])?;
                }
                let mut find_user = transaction.prepare_cached("SELECT 1 FROM users WHERE user_id = ?1")?;
                for login in logins {
                    let found = find_user.exists([login.user_id.object_id().as_bytes()])?;
                    for sighting in login.sightings.iter().filter(|_| found) {
                        record_sighting(transaction, login.user_id, None, sighting)?;
                    }
                }
                Ok(())
            })
            .await
    }
}

fn insert_api_key(
    transaction: &Transaction<'_>,
    key: &NewApiKey,
    limit: u32,
    audit: &AuditEvent,
) -> rusqlite::Result<InsertApiKeyOutcome> {
    let user_id = key.user_id.object_id().as_bytes();
    let key_id = key.key_id.object_id().as_bytes();
    let app_id = key.app_id.object_id().as_bytes();
    let mut statement = transaction.prepare_cached(
        "SELECT u.anonymous, count(k.key_id), coalesce(max(k.name = ?3), 0)
         FROM users u LEFT JOIN api_keys k ON k.user_id = u.user_id
         WHERE u.user_id = ?1 AND u.app_id = ?2 GROUP BY u.user_id",
    )?;
    let owner = columns::optional(statement.query_row(params![user_id, app_id, key.name], |row| {
        Ok((row.get::<_, bool>(0)?, row.get::<_, u32>(1)?, row.get::<_, bool>(2)?))
    }))?;
    match owner {
        None => return Ok(InsertApiKeyOutcome::NoSuchUser),
        Some((true, ..)) => return Ok(InsertApiKeyOutcome::AnonymousOwner),
        Some((_, _, true)) => return Ok(InsertApiKeyOutcome::NameTaken),
        Some((_, count, _)) if count >= limit => return Ok(InsertApiKeyOutcome::LimitReached),
        Some(_) => {}
    }
    let created_at = key.created_at.unix_seconds();
    // Nothing that is cached changes with a new key, so nobody is touched.
    transaction
        .prepare_cached(
            "INSERT INTO api_keys (user_id, key_id, app_id, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![user_id, key_id, app_id, key.name, created_at])?;
    transaction
        .prepare_cached(
            "INSERT INTO api_key_secrets
                 (user_id, key_id, digest, prefix, display_start, display_end, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            user_id,
            key_id,
            key.secret.digest,
            key.secret.prefix,
            key.secret.display_start,
            key.secret.display_end,
            created_at,
        ])?;
    transaction.record(audit)?;
    Ok(InsertApiKeyOutcome::Inserted)
}

fn read_api_key(row: &Row<'_>) -> rusqlite::Result<ApiKeyRecord> {
    Ok(ApiKeyRecord {
        key_id: columns::id(row, 0)?,
        name: row.get(1)?,
        disabled: row.get(2)?,
        created_at: columns::timestamp(row, 3)?,
        last_used_at: columns::optional_timestamp(row, 4)?,
    })
}

fn read_key_login(connection: &Connection, digest: &[u8; 32]) -> rusqlite::Result<Option<ApiKeyLogin>> {
    let mut statement = connection.prepare_cached(
        "SELECT u.app_id, u.user_id, u.disabled, u.generation, k.key_id, k.disabled, k.generation
         FROM api_key_secrets s
         JOIN api_keys k ON k.user_id = s.user_id AND k.key_id = s.key_id
         JOIN users u ON u.user_id = s.user_id
         WHERE s.digest = ?1",
    )?;
    columns::optional(statement.query_row([digest], |row| {
        Ok(ApiKeyLogin {
            app_id: columns::id(row, 0)?,
            user_id: columns::id(row, 1)?,
            user_disabled: row.get(2)?,
            user_generation: row.get(3)?,
            key_id: columns::id(row, 4)?,
            key: ApiKeyState { disabled: row.get(5)?, generation: row.get(6)? },
        })
    }))
}
