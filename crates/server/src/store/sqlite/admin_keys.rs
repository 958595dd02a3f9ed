//! Key pairs of administrators in SQLite.

use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::admin_keys::{AdminKeyRecord, AdminKeyStore};
use crate::store::admins::AdminScope;
use crate::store::audit::AuditEvent;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId};
use rusqlite::types::Type;
use rusqlite::{Row, params};
use std::collections::BTreeSet;
use std::sync::Arc;

const COLUMNS: &str = "admin_id, name, public_key, digest, apps, created_at";

#[async_trait]
impl AdminKeyStore for SqliteStore {
    async fn insert_admin_key(&self, key: AdminKeyRecord, audit: AuditEvent) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                transaction.execute(
                    "INSERT INTO admin_keys (admin_id, name, public_key, digest, apps, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        key.admin_id.object_id().as_bytes(),
                        key.name,
                        key.public_key,
                        key.digest,
                        stored_scope(&key.scope),
                        key.created_at.unix_seconds(),
                    ],
                )?;
                transaction.record(&audit)
            })
            .await
    }

    async fn list_admin_keys(&self) -> StoreResult<Vec<AdminKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM admin_keys ORDER BY admin_id");
            connection.prepare_cached(&sql)?.query_map([], read_admin_key)?.collect()
        })
    }

    async fn find_admin_key(&self, public_key: &str) -> StoreResult<Option<AdminKeyRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM admin_keys WHERE public_key = ?1");
            columns::optional(connection.prepare_cached(&sql)?.query_row([public_key], read_admin_key))
        })
    }

    async fn delete_admin_key(&self, admin_id: AdminId, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let id = admin_id.object_id().as_bytes();
                let deleted = transaction.execute("DELETE FROM admin_keys WHERE admin_id = ?1", [id])?;
                transaction.execute("DELETE FROM app_drafts WHERE admin_id = ?1", [id])?;
                if deleted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(deleted == 1)
            })
            .await
    }
}

fn read_admin_key(row: &Row<'_>) -> rusqlite::Result<AdminKeyRecord> {
    Ok(AdminKeyRecord {
        admin_id: columns::id(row, 0)?,
        name: row.get(1)?,
        public_key: row.get(2)?,
        digest: row.get(3)?,
        scope: read_scope(row, 4)?,
        created_at: columns::timestamp(row, 5)?,
    })
}

/// The scope in column `index`, which is null for the whole server.
pub(super) fn read_scope(row: &Row<'_>, index: usize) -> rusqlite::Result<AdminScope> {
    let Some(apps) = row.get::<_, Option<String>>(index)? else { return Ok(AdminScope::WholeServer) };
    let apps: BTreeSet<AppId> = serde_json::from_str(&apps)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))?;
    Ok(AdminScope::Apps(Arc::new(apps)))
}

fn stored_scope(scope: &AdminScope) -> Option<String> {
    match scope {
        AdminScope::WholeServer => None,
        AdminScope::Apps(apps) => Some(serde_json::json!(**apps).to_string()),
    }
}
