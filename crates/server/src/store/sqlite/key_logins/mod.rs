//! What a login with an API key reads: one row for each secret, which repeats what the tables of users, keys and
//! secrets say of it. Those are what counts; whatever changes them has the rows here follow, in its transaction.

use super::columns;
use super::writer::Transaction;
use crate::store::api_keys::ApiKeyLogin;
use crate::store::sessions::ApiKeyState;
use keystead_protocol::id::{ApiKeyId, UserId};
use rusqlite::{Connection, params};

/// Whose key has this digest.
pub(super) fn find(connection: &Connection, digest: &[u8; 32]) -> rusqlite::Result<Option<ApiKeyLogin>> {
    let mut statement = connection.prepare_cached(
        "SELECT app_id, user_id, user_disabled, user_generation, key_id, key_disabled, key_generation
         FROM api_key_logins WHERE slot = ?1 AND digest_rest = ?2",
    )?;
    let (slot, rest) = split(digest);
    columns::optional(statement.query_row(params![slot, rest], |row| {
        Ok(ApiKeyLogin {
            app_id: columns::id(row, 0)?,
            user_id: columns::id(row, 1)?,
            user_disabled: row.get(2)?,
            user_generation: row.get(3)?,
            key_id: columns::id(row, 4)?,
            key: ApiKeyState { disabled: row.get(5)?, generation: row.get(6)? },
        })
    }))
}

/// Adds the row of a new secret.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    digest: &[u8; 32],
    login: &ApiKeyLogin,
) -> rusqlite::Result<()> {
    let (slot, rest) = split(digest);
    transaction
        .prepare_cached(
            "INSERT INTO api_key_logins (slot, digest_rest, user_id, key_id, app_id,
                 user_disabled, user_generation, key_disabled, key_generation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            slot,
            rest,
            login.user_id.object_id().as_bytes(),
            login.key_id.object_id().as_bytes(),
            login.app_id.object_id().as_bytes(),
            login.user_disabled,
            login.user_generation,
            login.key.disabled,
            login.key.generation,
        ])?;
    Ok(())
}

/// Makes the user's rows say what users and keys say now. A user has few keys, so all are written.
pub(super) fn follow(transaction: &Transaction<'_>, user_id: UserId) -> rusqlite::Result<()> {
    let mut states = transaction.prepare_cached(
        "SELECT s.digest, u.disabled, u.generation, k.disabled, k.generation
         FROM api_key_secrets s
         JOIN api_keys k ON k.user_id = s.user_id AND k.key_id = s.key_id
         JOIN users u ON u.user_id = s.user_id
         WHERE s.user_id = ?1",
    )?;
    let mut update = transaction.prepare_cached(
        "UPDATE api_key_logins
         SET user_disabled = ?2, user_generation = ?3, key_disabled = ?4, key_generation = ?5
         WHERE slot = ?1",
    )?;
    let mut states = states.query([user_id.object_id().as_bytes()])?;
    while let Some(state) = states.next()? {
        let digest: [u8; 32] = state.get(0)?;
        update.execute(params![
            split(&digest).0,
            state.get::<_, bool>(1)?,
            state.get::<_, u32>(2)?,
            state.get::<_, bool>(3)?,
            state.get::<_, u32>(4)?,
        ])?;
    }
    Ok(())
}

/// Deletes the rows of one key, or of all that the user has. Their secrets must still be there: they tell which.
pub(super) fn delete(
    transaction: &Transaction<'_>,
    user_id: UserId,
    key_id: Option<ApiKeyId>,
) -> rusqlite::Result<()> {
    let mut digests = transaction.prepare_cached(
        "SELECT digest FROM api_key_secrets WHERE user_id = ?1 AND (?2 IS NULL OR key_id = ?2)",
    )?;
    let mut delete = transaction.prepare_cached("DELETE FROM api_key_logins WHERE slot = ?1")?;
    let key_id = key_id.as_ref().map(|id| id.object_id().as_bytes());
    let mut digests = digests.query(params![user_id.object_id().as_bytes(), key_id])?;
    while let Some(row) = digests.next()? {
        let digest: [u8; 32] = row.get(0)?;
        delete.execute([split(&digest).0])?;
    }
    Ok(())
}

/// The number by which a digest is found, and the rest, by which it is told from others.
fn split(digest: &[u8; 32]) -> (i64, &[u8]) {
    let (slot, rest) = digest.split_at(8);
    (slot.iter().fold(0, |slot, byte| slot << 8 | i64::from(*byte)), rest)
}

#[cfg(test)]
pub(super) mod tests;
