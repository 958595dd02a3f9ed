//! Applications in SQLite.

use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::apps::{AppRecord, AppStore};
use async_trait::async_trait;
use rusqlite::{Connection, params};

#[async_trait]
impl AppStore for SqliteStore {
    async fn find_or_insert_app(&self, app: AppRecord) -> StoreResult<AppRecord> {
        self.writer
            .write(move |transaction| {
                transaction.execute(
                    "INSERT INTO apps (app_id, client_app_id, domain_id, created_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (client_app_id) DO NOTHING",
                    params![
                        app.app_id.object_id().as_bytes(),
                        app.client_app_id,
                        app.domain_id.object_id().as_bytes(),
                        app.created_at.unix_seconds(),
                    ],
                )?;
                let mut stored = find_app(transaction, &app.client_app_id)?;
                for (provider_type, provider_id) in app.provider_ids {
                    transaction.execute(
                        "INSERT INTO auth_providers (app_id, provider_type, provider_id) VALUES (?1, ?2, ?3)
                         ON CONFLICT (app_id, provider_type) DO NOTHING",
                        params![
                            stored.app_id.object_id().as_bytes(),
                            provider_type.as_str(),
                            provider_id.object_id().as_bytes(),
                        ],
                    )?;
                }
                let mut statement = transaction
                    .prepare("SELECT provider_type, provider_id FROM auth_providers WHERE app_id = ?1")?;
                stored.provider_ids = statement
                    .query_map([stored.app_id.object_id().as_bytes()], |row| {
                        Ok((columns::parsed(row, 0)?, columns::id(row, 1)?))
                    })?
                    .collect::<rusqlite::Result<_>>()?;
                Ok(stored)
            })
            .await
    }
}

fn find_app(connection: &Connection, client_app_id: &str) -> rusqlite::Result<AppRecord> {
    connection.query_row(
        "SELECT app_id, client_app_id, domain_id, created_at FROM apps WHERE client_app_id = ?1",
        [client_app_id],
        |row| {
            Ok(AppRecord {
                app_id: columns::id(row, 0)?,
                client_app_id: row.get(1)?,
                domain_id: columns::id(row, 2)?,
                provider_ids: std::collections::BTreeMap::new(),
                created_at: columns::timestamp(row, 3)?,
            })
        },
    )
}
