//! API keys of another system's making in SQLite.

use super::api_keys::insert_secret;
use super::imports::{record_count, tentatively};
use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::api_keys::{ApiKeyLogin, SecretRecord};
use crate::store::audit::AuditEvent;
use crate::store::foreign_keys::{
    ForeignHmacKey, ForeignKeyFormats, ForeignKeyShape, ForeignKeyStore, ImportKeyLimits, ImportKeyOutcome,
    ImportedKey,
};
use crate::store::sessions::ApiKeyState;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId, UserId};
use rusqlite::{Connection, params};

#[async_trait]
impl ForeignKeyStore for SqliteStore {
    async fn import_api_keys(
        &self,
        app_id: AppId,
        keys: Vec<ImportedKey>,
        hmac_key: Option<ForeignHmacKey>,
        limits: ImportKeyLimits,
        dry_run: bool,
        audit: AuditEvent,
    ) -> StoreResult<Vec<ImportKeyOutcome>> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let outcomes: Vec<_> = tentatively(transaction, dry_run, |transaction| {
                    keys.iter().map(|key| import_key(transaction, app_id, key, limits)).collect()
                })?;
                let imported = outcomes.iter().filter(|outcome| **outcome == ImportKeyOutcome::Imported);
                let imported = if dry_run { 0 } else { imported.count() };
                if let (1.., Some(hmac_key)) = (imported, &hmac_key) {
                    insert_hmac_key(transaction, app_id, hmac_key)?;
                }
                record_count(transaction, &audit, imported, "API keys")?;
                Ok(outcomes)
            })
            .await
    }

    async fn list_foreign_key_formats(&self) -> StoreResult<ForeignKeyFormats> {
        self.readers.read(|connection| {
            let shapes = connection
                .prepare_cached(
                    "SELECT app_id, prefix, length, alphabet, algorithm, hmac_key FROM foreign_key_shapes",
                )?
                .query_map([], |row| {
                    let shape = ForeignKeyShape {
                        prefix: row.get(1)?,
                        length: row.get(2)?,
                        alphabet: row.get(3)?,
                        algorithm: row.get(4)?,
                        hmac_key: row.get::<_, Vec<u8>>(5)?.try_into().ok(),
                    };
                    Ok((columns::id(row, 0)?, shape))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let hmac_keys = connection
                .prepare_cached("SELECT app_id, fingerprint, sealed_key FROM foreign_hmac_keys")?
                .query_map([], |row| {
                    let key = ForeignHmacKey { fingerprint: row.get(1)?, sealed_key: row.get(2)? };
                    Ok((columns::id(row, 0)?, key))
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(ForeignKeyFormats { shapes, hmac_keys })
        })
    }

    async fn find_foreign_key_login(
        &self,
        app_id: AppId,
        digest: &[u8; 32],
    ) -> StoreResult<Option<ApiKeyLogin>> {
        self.readers.read(|connection| find_login(connection, app_id, digest))
    }

    async fn rehash_foreign_key(
        &self,
        app_id: AppId,
        digest: [u8; 32],
        secret: SecretRecord,
        now: Timestamp,
    ) -> StoreResult<bool> {
        self.writer
            .write(move |transaction| {
                // As it is now: it may have been disabled since it was looked at.
                let Some(login) = find_login(transaction, app_id, &digest)? else { return Ok(false) };
                transaction
                    .prepare_cached(
                        "UPDATE foreign_key_digests SET rehashed_at = ?3 WHERE app_id = ?1 AND digest = ?2",
                    )?
                    .execute(params![app_id.object_id().as_bytes(), digest, now.unix_seconds()])?;
                transaction.touch(login.user_id);
                insert_secret(transaction, &login, &secret, now)?;
                Ok(true)
            })
            .await
    }
}

fn find_login(
    connection: &Connection,
    app_id: AppId,
    digest: &[u8; 32],
) -> rusqlite::Result<Option<ApiKeyLogin>> {
    let mut statement = connection.prepare_cached(
        "SELECT u.user_id, u.disabled, u.generation, k.key_id, k.disabled, k.generation
         FROM foreign_key_digests d
         JOIN api_keys k ON k.user_id = d.user_id AND k.key_id = d.key_id
         JOIN users u ON u.user_id = d.user_id
         WHERE d.app_id = ?1 AND d.digest = ?2 AND d.rehashed_at IS NULL",
    )?;
    columns::optional(statement.query_row(params![app_id.object_id().as_bytes(), digest], |row| {
        Ok(ApiKeyLogin {
            app_id,
            user_id: columns::id(row, 0)?,
            user_disabled: row.get(1)?,
            user_generation: row.get(2)?,
            key_id: columns::id(row, 3)?,
            key: ApiKeyState { disabled: row.get(4)?, generation: row.get(5)? },
        })
    }))
}

fn import_key(
    transaction: &Transaction<'_>,
    app_id: AppId,
    key: &ImportedKey,
    limits: ImportKeyLimits,
) -> rusqlite::Result<ImportKeyOutcome> {
    if let Some(obstacle) = find_obstacle(transaction, app_id, key, limits)? {
        return Ok(obstacle);
    }
    let user_id = key.user_id.object_id().as_bytes();
    let key_id = key.key_id.object_id().as_bytes();
    let app = app_id.object_id().as_bytes();
    // Nothing that is cached changes with a new key, so nobody is touched.
    transaction
        .prepare_cached(
            // An id can come back after its key was deleted: no token may have this generation.
            "INSERT INTO api_keys (user_id, key_id, app_id, name, disabled, created_at, generation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, unixepoch())",
        )?
        .execute(params![user_id, key_id, app, key.name, key.disabled, key.created_at.unix_seconds()])?;
    transaction
        .prepare_cached(
            "INSERT INTO foreign_key_digests (app_id, digest, user_id, key_id) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![app, key.digest, user_id, key_id])?;
    transaction
        .prepare_cached(
            "INSERT INTO foreign_key_shapes (app_id, prefix, length, alphabet, algorithm, hmac_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute(shape_row(app_id, &key.shape))?;
    Ok(ImportKeyOutcome::Imported)
}

/// Why a key is not to be stored, if it is not.
fn find_obstacle(
    connection: &Connection,
    app_id: AppId,
    key: &ImportedKey,
    limits: ImportKeyLimits,
) -> rusqlite::Result<Option<ImportKeyOutcome>> {
    let user_id = key.user_id.object_id().as_bytes();
    let app = app_id.object_id().as_bytes();
    let mut known = connection.prepare_cached(
        "SELECT user_id, key_id FROM foreign_key_digests WHERE app_id = ?1 AND digest = ?2",
    )?;
    let known = known.query_row(params![app, key.digest], |row| {
        Ok((columns::id::<UserId>(row, 0)?, columns::id::<ApiKeyId>(row, 1)?))
    });
    if let Some((owner, key_id)) = columns::optional(known)? {
        let same = owner == key.user_id && (!key.id_given || key_id == key.key_id);
        return Ok(Some(if same { ImportKeyOutcome::Unchanged } else { ImportKeyOutcome::HashTaken }));
    }
    let mut owner = connection.prepare_cached(
        "SELECT u.anonymous, count(k.key_id), coalesce(max(k.name = ?3), 0), coalesce(max(k.key_id = ?4), 0)
         FROM users u LEFT JOIN api_keys k ON k.user_id = u.user_id
         WHERE u.user_id = ?1 AND u.app_id = ?2 AND u.user_type = 'normal' GROUP BY u.user_id",
    )?;
    let key_id = key.key_id.object_id().as_bytes();
    let owner = owner.query_row(params![user_id, app, key.name, key_id], |row| {
        Ok((row.get::<_, bool>(0)?, row.get::<_, u32>(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
    });
    Ok(match columns::optional(owner)? {
        None => Some(ImportKeyOutcome::NoSuchUser),
        Some((true, ..)) => Some(ImportKeyOutcome::AnonymousOwner),
        Some((.., true)) => Some(ImportKeyOutcome::IdTaken),
        Some((_, _, true, _)) => Some(ImportKeyOutcome::NameTaken),
        Some((_, count, ..)) if count >= limits.keys_per_user => Some(ImportKeyOutcome::LimitReached),
        Some(_) if !has_room_for_shape(connection, app_id, key, limits)? => {
            Some(ImportKeyOutcome::TooManyShapes)
        }
        Some(_) => None,
    })
}

fn has_room_for_shape(
    connection: &Connection,
    app_id: AppId,
    key: &ImportedKey,
    limits: ImportKeyLimits,
) -> rusqlite::Result<bool> {
    let known: Option<i64> = columns::scalar(
        connection,
        "SELECT 1 FROM foreign_key_shapes
         WHERE app_id = ?1 AND prefix = ?2 AND length = ?3 AND alphabet = ?4 AND algorithm = ?5 AND hmac_key = ?6",
        shape_row(app_id, &key.shape),
    )?;
    let count: Option<u32> = columns::scalar(
        connection,
        "SELECT count(*) FROM foreign_key_shapes WHERE app_id = ?1",
        [app_id.object_id().as_bytes()],
    )?;
    Ok(known.is_some() || count.unwrap_or(0) < limits.shapes)
}

fn shape_row(app_id: AppId, shape: &ForeignKeyShape) -> impl rusqlite::Params + '_ {
    let hmac_key = shape.hmac_key.as_ref().map_or(&[][..], <[u8; 32]>::as_slice);
    let app_id = *app_id.object_id().as_bytes();
    (app_id, &*shape.prefix, shape.length, &*shape.alphabet, &*shape.algorithm, hmac_key)
}

fn insert_hmac_key(connection: &Connection, app_id: AppId, key: &ForeignHmacKey) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO foreign_hmac_keys (app_id, fingerprint, sealed_key) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![app_id.object_id().as_bytes(), key.fingerprint, key.sealed_key])?;
    Ok(())
}
