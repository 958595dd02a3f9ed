//! The embedded store: one SQLite file, one writer thread that commits in groups, a few readers, and
//! a cache of what every request asks for.

mod admin_keys;
mod administered_accounts;
mod admins;
mod api_keys;
mod app_definitions;
mod apps;
mod audit;
mod backup;
mod cache;
mod columns;
mod email_accounts;
mod foreign_keys;
mod imports;
mod key_logins;
mod migrate;
mod networks;
mod outbox;
mod readers;
mod server_keys;
mod sessions;
mod signing_keys;
mod sweep;
mod users;
mod writer;

use super::audit::AuditChain;
use super::{Store, StoreError, StoreResult};
pub(crate) use backup::examine_copy;
use cache::Cache;
use readers::Readers;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writer::Writer;

/// See the module.
pub struct SqliteStore {
    file: PathBuf,
    readers: Arc<Readers>,
    writer: Writer,
    cache: Arc<Cache>,
}

impl SqliteStore {
    /// Opens the store in `file`, making or migrating it as needed. Its audit trail is linked by
    /// `audit_chain`.
    ///
    /// # Errors
    /// A sentence for the operator: the file cannot be written, is damaged, or is of a newer Keystead.
    pub fn open(file: &Path, audit_chain: AuditChain) -> StoreResult<Self> {
        let mut connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;
             PRAGMA cache_size = -16000; PRAGMA busy_timeout = 0; PRAGMA temp_store = MEMORY;",
        )?;
        connection.set_prepared_statement_cache_capacity(128);
        keep_plans(&connection)?;
        migrate::run(&mut connection)?;
        audit::keep_tag(&connection, &audit_chain)?;
        let cache = Arc::new(Cache::new());
        let readers = Arc::new(Readers::open(file)?);
        let writer = Writer::start(connection, Arc::clone(&readers), Arc::clone(&cache), audit_chain)?;
        Ok(Self { file: file.to_owned(), readers, writer, cache })
    }
}

/// Without this, SQLite plans a prepared statement anew whenever other values are bound to it, which
/// costs more than most of our statements do.
fn keep_plans(connection: &Connection) -> StoreResult<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

impl Store for SqliteStore {
    fn check(&self) -> StoreResult<()> {
        self.writer.check()?;
        self.readers.read(|connection| connection.query_row("SELECT count(*) FROM apps", [], |_| Ok(())))
    }

    fn close(&self) {
        self.writer.close();
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Engine(error.to_string()),
        }
    }
}
