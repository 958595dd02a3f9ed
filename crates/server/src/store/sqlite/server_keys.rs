//! Server API keys in SQLite.

use super::api_keys::insert_api_key;
use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::api_keys::{InsertApiKeyOutcome, NewApiKey};
use crate::store::audit::AuditEvent;
use crate::store::server_keys::{ServerKeyRecord, ServerKeyStore};
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId};
use keystead_protocol::user::UserType;
use rusqlite::{Connection, Row, params};

const COLUMNS: &str = "key_id, user_id, name, disabled";

#[async_trait]
impl ServerKeyStore for SqliteStore {
    async fn insert_server_key(
        &self,
        key: NewApiKey,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<InsertApiKeyOutcome> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let (count, taken) = count(transaction, key.app_id, &key.name)?;
                if taken {
                    return Ok(InsertApiKeyOutcome::NameTaken);
                }
                if count >= limit {
                    return Ok(InsertApiKeyOutcome::LimitReached);
                }
                let user_id = key.user_id.object_id().as_bytes();
                transaction
                    .prepare_cached(
                        "INSERT INTO users (user_id, app_id, user_type, anonymous, created_at, last_seen_at)
                         VALUES (?1, ?2, ?3, 0, ?4, ?4)",
                    )?
                    .execute(params![
                        user_id,
                        key.app_id.object_id().as_bytes(),
                        UserType::Server.as_str(),
                        key.created_at.unix_seconds(),
                    ])?;
                let outcome = insert_api_key(transaction, &key, UserType::Server, 1, &audit)?;
                transaction
                    .prepare_cached("UPDATE api_keys SET is_server_key = 1 WHERE user_id = ?1")?
                    .execute([user_id])?;
                Ok(outcome)
            })
            .await
    }

    async fn list_server_keys(&self, app_id: AppId) -> StoreResult<Vec<ServerKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys WHERE app_id = ?1 AND is_server_key = 1 ORDER BY key_id"
            );
            connection
                .prepare_cached(&sql)?
                .query_map([app_id.object_id().as_bytes()], read_server_key)?
                .collect()
        })
    }

    async fn find_server_key(&self, app_id: AppId, key_id: ApiKeyId) -> StoreResult<Option<ServerKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys WHERE app_id = ?1 AND key_id = ?2 AND is_server_key = 1"
            );
            let ids = [app_id.object_id().as_bytes(), key_id.object_id().as_bytes()];
            columns::optional(connection.prepare_cached(&sql)?.query_row(ids, read_server_key))
        })
    }
}

/// How many server keys the application has, and whether one is called `name`.
fn count(connection: &Connection, app_id: AppId, name: &str) -> rusqlite::Result<(u32, bool)> {
    connection
        .prepare_cached(
            "SELECT count(*), coalesce(max(name = ?2), 0) FROM api_keys WHERE app_id = ?1 AND is_server_key = 1",
        )?
        .query_row(params![app_id.object_id().as_bytes(), name], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn read_server_key(row: &Row<'_>) -> rusqlite::Result<ServerKeyRecord> {
    Ok(ServerKeyRecord {
        key_id: columns::id(row, 0)?,
        user_id: columns::id(row, 1)?,
        name: row.get(2)?,
        disabled: row.get(3)?,
    })
}
