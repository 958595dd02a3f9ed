//! Administrators in SQLite.

use super::admin_keys::read_scope;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::admins::{AdminRecord, AdminStanding, AdminStore};
use crate::store::audit::{AdminGuard, AuditEvent};
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, SessionId};
use rusqlite::{Connection, Row, params};

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

    async fn find_admin_standing(
        &self,
        admin_id: AdminId,
        session_id: SessionId,
    ) -> StoreResult<Option<AdminStanding>> {
        self.readers.read(|connection| read_standing(connection, admin_id, session_id))
    }

    async fn revoke_admin_session(
        &self,
        session_id: SessionId,
        expires_at: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let revoked = transaction.execute(
                    "INSERT INTO revoked_admin_sessions (session_id, expires_at) VALUES (?1, ?2)
                     ON CONFLICT (session_id) DO NOTHING",
                    params![session_id.object_id().as_bytes(), expires_at.unix_seconds()],
                )?;
                if revoked == 1 { transaction.record(&audit) } else { Ok(()) }
            })
            .await
    }

    async fn put_admin(&self, admin: AdminRecord, audit: AuditEvent) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| {
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

/// Whether the session is as it was authenticated, inside the transaction that depends on it.
pub(super) fn stands(connection: &Connection, guard: &AdminGuard) -> rusqlite::Result<bool> {
    let standing = read_standing(connection, guard.admin_id, guard.session_id)?;
    Ok(standing.is_some_and(|standing| !standing.revoked && standing.generation == guard.generation))
}

fn read_standing(
    connection: &Connection,
    admin_id: AdminId,
    session_id: SessionId,
) -> rusqlite::Result<Option<AdminStanding>> {
    let mut statement = connection.prepare_cached(
        "SELECT login, name, apps, generation,
                        EXISTS (SELECT 1 FROM revoked_admin_sessions WHERE session_id = ?2)
                 FROM (SELECT admin_id, email AS login, email AS name, NULL AS apps, generation FROM admins
                       UNION ALL SELECT admin_id, public_key, name, apps, 0 FROM admin_keys)
                 WHERE admin_id = ?1",
    )?;
    let ids = [admin_id.object_id().as_bytes(), session_id.object_id().as_bytes()];
    columns::optional(statement.query_row(ids, |row| {
        Ok(AdminStanding {
            login: row.get(0)?,
            name: row.get(1)?,
            scope: read_scope(row, 2)?,
            generation: row.get(3)?,
            revoked: row.get(4)?,
        })
    }))
}
