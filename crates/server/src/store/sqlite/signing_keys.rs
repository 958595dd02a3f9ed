//! Signing keys in SQLite.

use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::signing_keys::{SigningKeyRecord, SigningKeyStore};
use async_trait::async_trait;
use rusqlite::{Row, params};

#[async_trait]
impl SigningKeyStore for SqliteStore {
    async fn list_signing_keys(&self) -> StoreResult<Vec<SigningKeyRecord>> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT key_id, app_id, token_type, algorithm, sealed_key, created_at FROM signing_keys
                 ORDER BY position",
            )?;
            statement.query_map([], read)?.collect()
        })
    }

    async fn insert_signing_key(&self, key: SigningKeyRecord) -> StoreResult<()> {
        self.writer
            .write(move |transaction| {
                transaction.execute(
                    "INSERT INTO signing_keys
                         (key_id, app_id, token_type, algorithm, sealed_key, created_at, position)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                             (SELECT coalesce(max(position), 0) + 1 FROM signing_keys))",
                    params![
                        key.key_id,
                        key.app_id.object_id().as_bytes(),
                        key.token_type.as_str(),
                        key.algorithm,
                        key.sealed_key,
                        key.created_at.unix_seconds(),
                    ],
                )?;
                Ok(())
            })
            .await
    }
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<SigningKeyRecord> {
    Ok(SigningKeyRecord {
        key_id: row.get(0)?,
        app_id: columns::id(row, 1)?,
        token_type: columns::parsed(row, 2)?,
        algorithm: row.get(3)?,
        sealed_key: row.get(4)?,
        created_at: columns::timestamp(row, 5)?,
    })
}
