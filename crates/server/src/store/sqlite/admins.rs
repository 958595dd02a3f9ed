//! Administrators in SQLite.

use super::{SqliteStore, columns};
use crate::store::StoreResult;
use crate::store::admins::{AdminRecord, AdminStore};
use crate::store::audit::AuditEvent;
use async_trait::async_trait;
use keystead_protocol::id::AdminId;
use rusqlite::{Row, params};

const COLUMNS: &str = "admin_id, email, password_hash, generation, created_at";

#[async_trait]
impl AdminStore for SqliteStore {
    async fn has_admin(&self) -> StoreResult<bool> {
        self.readers.read(|connection| {
            Ok(columns::scalar::<i64>(connection, "SELECT 1 FROM admins LIMIT 1", [])?.is_some())
        })
    }

    async fn find_admin_by_email(&self, email: &str) -> StoreResult<Option<AdminRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM admins WHERE email = ?1");
            columns::optional(connection.prepare_cached(&sql)?.query_row([email], read_admin))
        })
    }

    async fn find_admin(&self, admin_id: AdminId) -> StoreResult<Option<AdminRecord>> {
        self.readers.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM admins WHERE admin_id = ?1");
            let id = admin_id.object_id().as_bytes();
            columns::optional(connection.prepare_cached(&sql)?.query_row([id], read_admin))
        })
    }

    async fn put_admin(&self, admin: AdminRecord, audit: AuditEvent) -> StoreResult<()> {
        self.writer
            .write(move |transaction| {
                transaction.execute("DELETE FROM admins WHERE email <> ?1", [&admin.email])?;
                transaction.execute(
                    "INSERT INTO admins (admin_id, email, password_hash, generation, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (email) DO UPDATE
                     SET password_hash = excluded.password_hash, generation = admins.generation + 1",
                    params![
                        admin.admin_id.object_id().as_bytes(),
                        admin.email,
                        admin.password_hash,
                        admin.generation,
                        admin.created_at.unix_seconds(),
                    ],
                )?;
                transaction.record(&audit)
            })
            .await
    }
}

fn read_admin(row: &Row<'_>) -> rusqlite::Result<AdminRecord> {
    Ok(AdminRecord {
        admin_id: columns::id(row, 0)?,
        email: row.get(1)?,
        password_hash: row.get(2)?,
        generation: row.get(3)?,
        created_at: columns::timestamp(row, 4)?,
    })
}
