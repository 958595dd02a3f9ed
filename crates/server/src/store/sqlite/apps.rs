//! Applications in SQLite.

use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::apps::{AppRecord, AppStore};
use async_trait::async_trait;
use keystead_protocol::id::{AppId, ProviderId};
use keystead_protocol::provider::ProviderType;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

#[async_trait]
impl AppStore for SqliteStore {
    async fn find_or_insert_app(&self, app: AppRecord) -> StoreResult<AppRecord> {
        self.writer
            .write(move |transaction| {
                if insert_app(transaction, &app)? {
                    return Ok(app);
                }
                let mut stored = find_app(transaction, &app.client_app_id)?;
                insert_provider_ids(transaction, stored.app_id, &app.provider_ids)?;
                stored.provider_ids = provider_ids(transaction, stored.app_id)?;
                Ok(stored)
            })
            .await
    }
}

/// Adds the ids of an application; `false` if its client app id is known.
pub(super) fn insert_app(connection: &Connection, app: &AppRecord) -> rusqlite::Result<bool> {
    let inserted = connection.execute(
        "INSERT INTO apps (app_id, client_app_id, domain_id, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (client_app_id) DO NOTHING",
        params![
            app.app_id.object_id().as_bytes(),
            app.client_app_id,
            app.domain_id.object_id().as_bytes(),
            app.created_at.unix_seconds(),
        ],
    )?;
    if inserted == 1 {
        insert_provider_ids(connection, app.app_id, &app.provider_ids)?;
    }
    Ok(inserted == 1)
}

fn insert_provider_ids(
    connection: &Connection,
    app_id: AppId,
    ids: &BTreeMap<ProviderType, ProviderId>,
) -> rusqlite::Result<()> {
    for (provider_type, provider_id) in ids {
        connection.execute(
            "INSERT INTO auth_providers (app_id, provider_type, provider_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (app_id, provider_type) DO NOTHING",
            params![
                app_id.object_id().as_bytes(),
                provider_type.as_str(),
                provider_id.object_id().as_bytes(),
            ],
        )?;
    }
    Ok(())
}

/// The ids of the application's providers.
pub(super) fn provider_ids(
    connection: &Connection,
    app_id: AppId,
) -> rusqlite::Result<BTreeMap<ProviderType, ProviderId>> {
    connection
        .prepare("SELECT provider_type, provider_id FROM auth_providers WHERE app_id = ?1")?
        .query_map([app_id.object_id().as_bytes()], |row| {
            Ok((columns::parsed(row, 0)?, columns::id(row, 1)?))
        })?
        .collect()
}

/// The application of this client app id, without its providers.
pub(super) fn find_app(connection: &Connection, client_app_id: &str) -> rusqlite::Result<AppRecord> {
    connection.query_row(
        "SELECT app_id, client_app_id, domain_id, created_at FROM apps WHERE client_app_id = ?1",
        [client_app_id],
        |row| {
            Ok(AppRecord {
                app_id: columns::id(row, 0)?,
                client_app_id: row.get(1)?,
                domain_id: columns::id(row, 2)?,
                provider_ids: BTreeMap::new(),
                created_at: columns::timestamp(row, 3)?,
            })
        },
    )
}
