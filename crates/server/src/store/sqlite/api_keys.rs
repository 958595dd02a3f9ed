//! API keys in SQLite.

use super::networks::record_sighting;
use super::writer::Transaction;
use super::{SqliteStore, columns, key_logins};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::api_keys::{
    ApiKeyDetails, ApiKeyLogin, ApiKeyRecord, ApiKeyStore, ApiKeyUse, InsertApiKeyOutcome, NewApiKey,
    SecretRecord,
};
use crate::store::audit::AuditEvent;
use crate::store::networks::UserLogin;
use crate::store::sessions::ApiKeyState;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, UserId};
use keystead_protocol::user::UserType;
use rusqlite::{Row, params};

const COLUMNS: &str = "key_id, name, disabled, created_at, last_used_at, is_server_key";

#[async_trait]
impl ApiKeyStore for SqliteStore {
    async fn insert_api_key(
        &self,
        key: NewApiKey,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<InsertApiKeyOutcome> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                insert_api_key(transaction, &key, UserType::Normal, limit, &audit)
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

    async fn list_api_key_details(&self, user_id: UserId) -> StoreResult<Vec<ApiKeyDetails>> {
        self.readers.read(|connection| {
            // While a key is rotated, its newer secret is shown.
            let secret = |column| {
                format!(
                    "coalesce((SELECT {column} FROM api_key_secrets s
                               WHERE s.user_id = k.user_id AND s.key_id = k.key_id
                               ORDER BY s.created_at DESC LIMIT 1), '')"
                )
            };
            let (start, end) = (secret("display_start"), secret("display_end"));
            let sql = format!(
                "SELECT {COLUMNS}, last_used_from, last_used_agent, {start}, {end} FROM api_keys k
                 WHERE user_id = ?1 ORDER BY key_id"
            );
            connection
                .prepare_cached(&sql)?
                .query_map([user_id.object_id().as_bytes()], |row| {
                    Ok(ApiKeyDetails {
                        key: read_api_key(row)?,
                        last_used_from: row.get(6)?,
                        last_used_agent: row.get(7)?,
                        display_start: row.get(8)?,
                        display_end: row.get(9)?,
                    })
                })?
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
            .write_as(audit.guard, move |transaction| {
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
                key_logins::follow(transaction, user_id)?;
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
            .write_as(audit.guard, move |transaction| {
                transaction.touch(user_id);
                key_logins::delete(transaction, user_id, Some(key_id))?;
                let ids = params![user_id.object_id().as_bytes(), key_id.object_id().as_bytes()];
                for sql in [
                    "DELETE FROM api_key_secrets WHERE user_id = ?1 AND key_id = ?2",
                    "DELETE FROM foreign_key_digests WHERE user_id = ?1 AND key_id = ?2",
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
            || self.readers.read(|connection| key_logins::find(connection, digest)),
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

pub(super) fn insert_api_key(
    transaction: &Transaction<'_>,
    key: &NewApiKey,
    owner_type: UserType,
    limit: u32,
    audit: &AuditEvent,
) -> rusqlite::Result<InsertApiKeyOutcome> {
    let user_id = key.user_id.object_id().as_bytes();
    let key_id = key.key_id.object_id().as_bytes();
    let app_id = key.app_id.object_id().as_bytes();
    let mut statement = transaction.prepare_cached(
        "SELECT u.anonymous, count(k.key_id), coalesce(max(k.name = ?3), 0), u.disabled, u.generation,
                u.user_type
         FROM users u LEFT JOIN api_keys k ON k.user_id = u.user_id
         WHERE u.user_id = ?1 AND u.app_id = ?2 GROUP BY u.user_id",
    )?;
    let owner = columns::optional(statement.query_row(params![user_id, app_id, key.name], |row| {
        let login = ApiKeyLogin {
            app_id: key.app_id,
            user_id: key.user_id,
            user_disabled: row.get(3)?,
            user_generation: row.get(4)?,
            key_id: key.key_id,
            key: ApiKeyState { disabled: false, generation: 0 },
        };
        Ok((
            row.get::<_, bool>(0)?,
            row.get::<_, u32>(1)?,
            row.get::<_, bool>(2)?,
            login,
            columns::parsed::<UserType>(row, 5)?,
        ))
    }))?;
    let login = match owner {
        None => return Ok(InsertApiKeyOutcome::NoSuchUser),
        Some((.., found)) if found != owner_type => return Ok(InsertApiKeyOutcome::ServerOwner),
        Some((true, ..)) => return Ok(InsertApiKeyOutcome::AnonymousOwner),
        Some((_, _, true, ..)) => return Ok(InsertApiKeyOutcome::NameTaken),
        Some((_, count, ..)) if count >= limit => return Ok(InsertApiKeyOutcome::LimitReached),
        Some((.., login, _)) => login,
    };
    let created_at = key.created_at.unix_seconds();
    // Nothing that is cached changes with a new key, so nobody is touched.
    transaction
        .prepare_cached(
            "INSERT INTO api_keys (user_id, key_id, app_id, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![user_id, key_id, app_id, key.name, created_at])?;
    insert_secret(transaction, &login, &key.secret, key.created_at)?;
    transaction.record(audit)?;
    Ok(InsertApiKeyOutcome::Inserted)
}

/// Gives a key a secret, by which it is found. `login` is what is stored of the key and its owner.
pub(super) fn insert_secret(
    transaction: &Transaction<'_>,
    login: &ApiKeyLogin,
    secret: &SecretRecord,
    created_at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO api_key_secrets
                 (user_id, key_id, digest, prefix, display_start, display_end, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            login.user_id.object_id().as_bytes(),
            login.key_id.object_id().as_bytes(),
            secret.digest,
            secret.prefix,
            secret.display_start,
            secret.display_end,
            created_at.unix_seconds(),
        ])?;
    key_logins::insert(transaction, &secret.digest, login)
}

fn read_api_key(row: &Row<'_>) -> rusqlite::Result<ApiKeyRecord> {
    Ok(ApiKeyRecord {
        key_id: columns::id(row, 0)?,
        name: row.get(1)?,
        disabled: row.get(2)?,
        created_at: columns::timestamp(row, 3)?,
        last_used_at: columns::optional_timestamp(row, 4)?,
        is_server_key: row.get(5)?,
    })
}
