//! What sessions stand on, in SQLite.

use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::audit::AuditEvent;
use crate::store::sessions::{ApiKeyState, SessionGuard, SessionState, SessionStore};
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, SessionId, UserId};
use rusqlite::{Connection, params};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn find_session_state(
        &self,
        user_id: UserId,
        session_id: SessionId,
        api_key: Option<ApiKeyId>,
    ) -> StoreResult<Option<SessionState>> {
        self.cache.session((user_id, session_id, api_key), || {
            self.readers.read(|connection| read_session_state(connection, user_id, session_id, api_key))
        })
    }

    async fn revoke_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
        expires_at: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                transaction.touch(user_id);
                let revoked = transaction
                    .prepare_cached(
                        "INSERT INTO revoked_sessions (user_id, session_id, expires_at) VALUES (?1, ?2, ?3)
                         ON CONFLICT (user_id, session_id) DO NOTHING",
                    )?
                    .execute(params![
                        user_id.object_id().as_bytes(),
                        session_id.object_id().as_bytes(),
                        expires_at.unix_seconds(),
                    ])?;
                if revoked == 1 { transaction.record(&audit) } else { Ok(()) }
            })
            .await
    }
}

/// Whether the session is as it was seen, inside the transaction that depends on it.
pub(super) fn stands(connection: &Connection, guard: &SessionGuard) -> rusqlite::Result<bool> {
    let now = read_session_state(connection, guard.user_id, guard.session_id, guard.api_key)?;
    Ok(now == Some(guard.seen))
}

fn read_session_state(
    connection: &Connection,
    user_id: UserId,
    session_id: SessionId,
    api_key: Option<ApiKeyId>,
) -> rusqlite::Result<Option<SessionState>> {
    let mut statement = connection.prepare_cached(
        "SELECT u.app_id, u.disabled, u.generation,
                EXISTS (SELECT 1 FROM revoked_sessions r
                        WHERE r.user_id = u.user_id AND r.session_id = ?2),
                (SELECT i.generation FROM identities i
                 WHERE i.user_id = u.user_id AND i.provider_type = 'local-userpass'),
                k.disabled, k.generation
         FROM users u LEFT JOIN api_keys k ON k.user_id = u.user_id AND k.key_id = ?3
         WHERE u.user_id = ?1",
    )?;
    let parameters = params![
        user_id.object_id().as_bytes(),
        session_id.object_id().as_bytes(),
        api_key.as_ref().map(|key| key.object_id().as_bytes()),
    ];
    columns::optional(statement.query_row(parameters, |row| {
        let key_disabled: Option<bool> = row.get(5)?;
        Ok(SessionState {
            app_id: columns::id(row, 0)?,
            user_disabled: row.get(1)?,
            user_generation: row.get(2)?,
            revoked: row.get(3)?,
            password_generation: row.get::<_, Option<u32>>(4)?.unwrap_or(0),
            api_key: match key_disabled {
                Some(disabled) => Some(ApiKeyState { disabled, generation: row.get(6)? }),
                None => None,
            },
        })
    }))
}
