//! Brings a file to the schema of this binary. Each migration runs once, in a transaction of its own,
//! and the file remembers how far it came in `user_version`.

use crate::store::{StoreError, StoreResult};
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_init.sql"),
    include_str!("../../../migrations/sqlite/0003_audit.sql"),
    include_str!("../../../migrations/sqlite/0004_app_definitions.sql"),
    include_str!("../../../migrations/sqlite/0007_audit.sql"),
];

/// "`KeyS`", so that `file` and other programs can tell whose database this is.
const APPLICATION_ID: i32 = 0x4b65_7953;

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
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing_and_a_newer_file_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        run(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        let error = run(&mut connection).unwrap_err().to_string();
        assert!(error.contains("run the newer Keystead"), "{error}");
    }
}
