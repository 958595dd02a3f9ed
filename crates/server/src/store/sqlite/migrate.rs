//! Brings a file to the schema of this binary. Each migration runs once, in a transaction of its own,
//! and the file remembers how far it came in `user_version`.

use crate::store::{StoreError, StoreResult};
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_init.sql"),
    include_str!("../../../migrations/sqlite/0002_api_key_logins.sql"),
    include_str!("../../../migrations/sqlite/0003_audit.sql"),
    include_str!("../../../migrations/sqlite/0004_app_definitions.sql"),
    include_str!("../../../migrations/sqlite/0005_admin_keys_and_server_keys.sql"),
    include_str!("../../../migrations/sqlite/0006_imports.sql"),
    include_str!("../../../migrations/sqlite/0007_audit.sql"),
];

/// "`KeyS`", so that `file` and other programs can tell whose database this is.
pub(super) const APPLICATION_ID: i32 = 0x4b65_7953;

/// The version of the schema that this binary writes.
pub(super) fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

pub(super) fn run(connection: &mut Connection) -> StoreResult<()> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found as usize > MIGRATIONS.len() {
        return Err(StoreError::Engine(format!(
            "the database has schema version {found}, and this Keystead knows versions up to {}: \
             run the newer Keystead that wrote it, or restore a backup made before the upgrade",
            MIGRATIONS.len()
        )));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", u32::try_from(index + 1).unwrap_or(u32::MAX))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::key_logins::tests::{read_rows, read_sources};
    use super::*;
    use rusqlite::params;

    #[test]
    fn migrating_twice_changes_nothing_and_a_newer_file_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        run(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        let error = run(&mut connection).unwrap_err().to_string();
        assert!(error.contains("run the newer Keystead"), "{error}");
    }

    #[test]
    fn an_old_file_gets_a_login_row_for_every_secret() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        for user in 0..5_u8 {
            let sql = "INSERT INTO users VALUES (?1, ?2, 'normal', 0, ?3, ?4, 0, 0)";
            connection.execute(sql, params![[user; 12], [user % 2; 12], user == 3, 10 + user]).unwrap();
        }
        // The digests begin with every byte, so that there are slots of both signs; some keys have two secrets.
        for first in 0..=255_u8 {
            let (user, key) = (first % 5, first / 2);
            let digest: [u8; 32] =
                std::array::from_fn(|index| first.wrapping_add(u8::try_from(index).unwrap()));
            connection
                .execute(
                    "INSERT OR IGNORE INTO api_keys VALUES (?1, ?2, x'', ?3, ?4, ?5, 0, NULL, NULL, NULL)",
                    params![[user; 12], [key; 12], key.to_string(), key % 2, key / 3],
                )
                .unwrap();
            let sql = "INSERT INTO api_key_secrets VALUES (?1, ?2, ?3, 'p', 'p1', '9', 0)";
            connection.execute(sql, params![[user; 12], [key; 12], digest]).unwrap();
        }
        run(&mut connection).unwrap();

        let sources = read_sources(&connection).unwrap();
        assert_eq!(sources.len(), 256);
        assert_eq!(read_rows(&connection).unwrap(), sources);
        let index = "SELECT count(*) FROM sqlite_master WHERE name = 'api_key_secrets_by_digest'";
        assert_eq!(connection.query_row(index, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    }
}
