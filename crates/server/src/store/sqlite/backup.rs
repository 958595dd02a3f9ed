//! Whole copies of the database, their examination, and the database's own.

use super::{SqliteStore, columns, migrate};
use crate::clock::Timestamp;
use crate::store::backup::{BackupStore, StoreHealth};
use crate::store::signing_keys::SigningKeyRecord;
use crate::store::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags, ffi};
use std::path::Path;

/// So many steps of SQLite's machine are done between two looks at whether to stop: a fraction of a
/// millisecond.
const STEPS: i32 = 10_000;
/// Where the header of a database says whether it has a log beside it, and what it says then.
const LOG_MARK: (usize, u8) = (18, 2);

impl BackupStore for SqliteStore {
    /// By VACUUM INTO, which reads one snapshot: writers go on, and the log grows until the copy is made.
    fn copy_into(&self, file: &Path, stop: Box<dyn Fn() -> bool + Send>) -> StoreResult<()> {
        let target = file.to_str().ok_or_else(|| StoreError::Engine("the path is no text".into()))?;
        let mut connection = open(&self.file)?;
        connection.progress_handler(STEPS, Some(stop))?;
        connection.execute("VACUUM INTO ?1", [target])?;
        Ok(())
    }

    fn health(&self, stop: Box<dyn Fn() -> bool + Send>) -> StoreResult<StoreHealth> {
        let mut connection = open(&self.file)?;
        let schema_version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let latest: Option<i64> = connection.query_row(
            "SELECT max(at) FROM (SELECT at FROM audit_events ORDER BY sequence DESC LIMIT 100)",
            [],
            |row| row.get(0),
        )?;
        let size = |suffix: &str| {
            let mut path = self.file.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |metadata| metadata.len())
        };
        connection.progress_handler(STEPS, Some(stop))?;
        Ok(StoreHealth {
            damage: examine(&connection, "quick_check")?,
            schema_version,
            size: size(""),
            log_size: size("-wal"),
            latest: latest.map(Timestamp::from_unix_seconds),
        })
    }
}

fn open(file: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 5000;")?;
    Ok(connection)
}

/// What one of SQLite's checks finds; `None` if it was interrupted.
fn examine(connection: &Connection, check: &str) -> StoreResult<Option<Vec<String>>> {
    let mut statement = connection.prepare(&format!("PRAGMA {check}(10)"))?;
    let found: rusqlite::Result<Vec<String>> = statement.query_map([], |row| row.get(0))?.collect();
    match found {
        Ok(found) => Ok(Some(found.into_iter().filter(|line| line != "ok").collect())),
        Err(error) if error.sqlite_error_code() == Some(ffi::ErrorCode::OperationInterrupted) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads a copy through. A key that is sealed under the pepper which belongs to it, if there is one.
///
/// # Errors
/// A sentence: it is no copy of a store, is damaged, or is of a newer Keystead.
pub(crate) fn examine_copy(file: &Path) -> Result<Option<SigningKeyRecord>, String> {
    let header = read_header(file).map_err(|error| format!("it cannot be read: {error}"))?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err("it is no database".into());
    }
    if header[LOG_MARK.0] == LOG_MARK.1 {
        return Err(
            "it is the file of a running server, without the log beside it, and may lack what was written \
                    last: take a backup with keystead backup"
                .into(),
        );
    }
    let unreadable = |error: &dyn std::fmt::Display| format!("it is damaged: {error}");
    let connection = open(file).map_err(|error| unreadable(&error))?;
    let number =
        |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    if number("application_id").map_err(|error| unreadable(&error))? != i64::from(migrate::APPLICATION_ID) {
        return Err("it is the database of another program".into());
    }
    let schema_version = number("user_version").map_err(|error| unreadable(&error))?;
    let schema_version = u32::try_from(schema_version).map_err(|error| unreadable(&error))?;
    if schema_version > migrate::newest() {
        return Err(format!(
            "it has schema version {schema_version}, and this Keystead knows versions up to {}: use the newer \
             Keystead that it was taken from",
            migrate::newest()
        ));
    }
    match examine(&connection, "integrity_check").map_err(|error| unreadable(&error))?.as_deref() {
        Some([]) => {}
        Some([first, ..]) => return Err(unreadable(first)),
        None => return Err("it could not be read through".into()),
    }
    connection
        .prepare(
            "SELECT key_id, app_id, token_type, algorithm, sealed_key, created_at FROM signing_keys LIMIT 1",
        )
        .and_then(|mut statement| columns::optional(statement.query_row([], super::signing_keys::read)))
        .map_err(|error| unreadable(&error))
}

fn read_header(file: &Path) -> std::io::Result<[u8; 100]> {
    use std::io::Read as _;
    let mut header = [0; 100];
    std::fs::File::open(file)?.read_exact(&mut header)?;
    Ok(header)
}
