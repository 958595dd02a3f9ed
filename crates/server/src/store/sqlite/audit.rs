//! The audit trail in SQLite.

use super::writer::Transaction;
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::audit::{
    Action, ActorGuard, AuditChain, AuditEvent, AuditFilter, AuditPage, AuditPlace, AuditRow, AuditStore,
};
use async_trait::async_trait;
use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{Connection, Row, params};

const COLUMNS: &str =
    "sequence, at, app_id, actor, actor_id, action, user_id, subject, address, request_id, outcome, mac";

/// A search looks at so many rows; there is no index but that of users, as each would cost every write.
const SEARCHED_ROWS: i64 = 20_000;
/// Clocks are set back now and then, so rows may be older than some that were written before them.
const CLOCK_TOLERANCE_SECONDS: i64 = 24 * 3600;

#[async_trait]
impl AuditStore for SqliteStore {
    async fn record_audit_events(&self, events: Vec<AuditEvent>) -> StoreResult<()> {
        // All of them are one request's, or nobody's.
        let guard = events.first().map_or(ActorGuard::None, |event| event.guard);
        self.writer
            .write_as(guard, move |transaction| {
                events.iter().try_for_each(|event| append(transaction, event))
            })
            .await
    }

    async fn search_audit_events(&self, filter: AuditFilter, limit: u32) -> StoreResult<AuditPage> {
        self.readers.read(|connection| search(connection, &filter, limit))
    }

    async fn list_audit_rows(&self, after: Option<i64>, limit: u32) -> StoreResult<Vec<AuditRow>> {
        self.readers.read(|connection| {
            let condition = if after.is_some() { "sequence > ?1" } else { "?1 IS NULL" };
            let sql =
                format!("SELECT {COLUMNS} FROM audit_events WHERE {condition} ORDER BY sequence LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map(params![after, limit], read_row)?.collect()
        })
    }

    async fn find_audit_start(&self) -> StoreResult<AuditPlace> {
        self.readers.read(|connection| {
            let subject: Option<Option<Vec<u8>>> = columns::scalar(
                connection,
                "SELECT CAST(subject AS BLOB) FROM audit_events
                 WHERE action = 'audit.pruned' ORDER BY sequence DESC LIMIT 1",
                [],
            )?;
            // What cannot be read was changed, which the row's mac tells.
            let subject = subject.flatten().and_then(|subject| String::from_utf8(subject).ok());
            let place = subject.and_then(|subject| subject.parse().ok());
            Ok(place.unwrap_or(AuditPlace::START))
        })
    }

    async fn find_audit_head(&self) -> StoreResult<Option<AuditPlace>> {
        self.readers.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT sequence, mac FROM audit_events ORDER BY sequence DESC LIMIT 1")?;
            let head = columns::optional(statement.query_row([], |row| {
                let sequence = row.get(0)?;
                Ok(row.get(1).ok().map(|mac| AuditPlace { sequence, mac }))
            }));
            Ok(head?.flatten())
        })
    }

    async fn has_audit_tag(&self, tag: [u8; 32]) -> StoreResult<bool> {
        self.readers.read(|connection| {
            let stored: Option<[u8; 32]> = columns::scalar(connection, "SELECT tag FROM audit_chain", [])?;
            Ok(stored == Some(tag))
        })
    }

    async fn prune_audit_events(&self, before: Timestamp, limit: u32, audit: AuditEvent) -> StoreResult<u32> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let mut rows = transaction.prepare_cached(
                    "SELECT sequence, mac, at < ?1 FROM audit_events ORDER BY sequence LIMIT ?2",
                )?;
                let mut rows = rows.query(params![before.unix_seconds(), limit])?;
                let (mut last, mut count) = (None, 0);
                while let Some(row) = rows.next()? {
                    if !row.get::<_, bool>(2)? {
                        break;
                    }
                    last = Some(AuditPlace { sequence: row.get(0)?, mac: row.get(1)? });
                    count += 1;
                }
                let Some(last) = last else { return Ok(0) };
                // Appended first, because it follows the newest row, and that may be one of those that go.
                let subject = Some(last.to_string());
                append(transaction, &AuditEvent { action: Action::AuditPruned, subject, ..audit })?;
                transaction
                    .prepare_cached("DELETE FROM audit_events WHERE sequence <= ?1")?
                    .execute([last.sequence])?;
                Ok(count)
            })
            .await
    }
}

/// Keeps the tag of the chain that a trail is begun with.
pub(super) fn keep_tag(connection: &Connection, chain: &AuditChain) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO audit_chain (id, tag) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
        [chain.tag()],
    )?;
    Ok(())
}

/// Appends a row to the trail, in the transaction of what it says.
pub(super) fn append(transaction: &Transaction<'_>, event: &AuditEvent) -> rusqlite::Result<()> {
    let mut last = transaction
        .prepare_cached("SELECT sequence, mac FROM audit_events ORDER BY sequence DESC LIMIT 1")?;
    let last = columns::optional(last.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))))?;
    let (sequence, previous) = last.unwrap_or((0, AuditPlace::START.mac));
    let sequence = sequence + 1;
    let (actor, actor_id) = event.actor.stored();
    transaction
        .prepare_cached(
            "INSERT INTO audit_events (sequence, at, app_id, actor, actor_id, action, user_id, subject,
                                       address, request_id, outcome, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            sequence,
            event.at.unix_seconds(),
            event.app_id.as_ref().map(|id| id.object_id().as_bytes()),
            actor,
            actor_id,
            event.action.as_str(),
            event.user_id.as_ref().map(|id| id.object_id().as_bytes()),
            event.subject,
            event.address.map(|address| address.to_string()),
            event.request_id.as_ref().map(|id| id.object_id().as_bytes()),
            event.outcome.as_str(),
            transaction.audit_chain.link(&previous, sequence, event),
        ])?;
    Ok(())
}

fn search(connection: &Connection, filter: &AuditFilter, limit: u32) -> rusqlite::Result<AuditPage> {
    let before = match filter.before {
        Some(before) => before,
        None => columns::scalar(connection, "SELECT coalesce(max(sequence), 0) + 1 FROM audit_events", [])?
            .unwrap_or(1),
    };
    let app_id = filter.app_id.as_ref().map(|id| *id.object_id().as_bytes());
    let user_id = filter.user_id.as_ref().map(|id| *id.object_id().as_bytes());
    let since = filter.since.map(Timestamp::unix_seconds);
    let until = filter.until.map(Timestamp::unix_seconds);
    // Users have an index; everything else is looked for in a window of rows.
    let window = if user_id.is_some() { i64::MIN } else { before.saturating_sub(SEARCHED_ROWS) };
    let mut sql = format!("SELECT {COLUMNS} FROM audit_events WHERE sequence < :before");
    let mut values: Vec<(&str, &dyn ToSql)> =
        vec![(":before", &before), (":window", &window), (":limit", &limit)];
    sql.push_str(" AND sequence >= :window");
    let conditions: [(&str, &str, Option<&dyn ToSql>); 5] = [
        (" AND app_id = :app", ":app", app_id.as_ref().map(|value| value as &dyn ToSql)),
        (" AND user_id = :user", ":user", user_id.as_ref().map(|value| value as &dyn ToSql)),
        (" AND action = :action", ":action", filter.action.as_ref().map(|value| value as &dyn ToSql)),
        (" AND at >= :since", ":since", since.as_ref().map(|value| value as &dyn ToSql)),
        (" AND at <= :until", ":until", until.as_ref().map(|value| value as &dyn ToSql)),
    ];
    for (condition, name, value) in conditions {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push((name, value));
        }
    }
    sql.push_str(" ORDER BY sequence DESC LIMIT :limit");
    let rows: Vec<AuditRow> = connection
        .prepare_cached(&sql)?
        .query_map(values.as_slice(), read_row)?
        .collect::<rusqlite::Result<_>>()?;
    let next_before = match rows.last() {
        Some(last) if rows.len() == limit as usize => Some(last.sequence),
        _ => rest(connection, window, since)?,
    };
    Ok(AuditPage { rows, next_before })
}

/// Where a search goes on that found all there is from row `window` on, if it may find more.
fn rest(connection: &Connection, window: i64, since: Option<i64>) -> rusqlite::Result<Option<i64>> {
    let older: Option<i64> = columns::scalar(
        connection,
        "SELECT at FROM audit_events WHERE sequence < ?1 ORDER BY sequence DESC LIMIT 1",
        [window],
    )?;
    let wanted = |at: i64| since.is_none_or(|since| at >= since.saturating_sub(CLOCK_TOLERANCE_SECONDS));
    Ok(older.filter(|at| wanted(*at)).map(|_| window))
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let bytes = |index| {
        Ok::<_, rusqlite::Error>(match row.get_ref(index)? {
            ValueRef::Null => None,
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
            // No column but the first two is a number.
            ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
            ValueRef::Real(number) => Some(number.to_string().into_bytes()),
        })
    };
    Ok(AuditRow {
        sequence: row.get(0)?,
        at: row.get(1).unwrap_or(i64::MIN),
        app_id: bytes(2)?,
        actor: bytes(3)?,
        actor_id: bytes(4)?,
        action: bytes(5)?,
        user_id: bytes(6)?,
        subject: bytes(7)?,
        address: bytes(8)?,
        request_id: bytes(9)?,
        outcome: bytes(10)?,
        mac: bytes(11)?,
    })
}
