//! How ids, times and JSON look in columns.

use crate::clock::Timestamp;
use keystead_protocol::id::ObjectId;
use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use serde_json::{Map, Value};
use std::str::FromStr;

/// The id in column `index`.
pub(super) fn id<I: From<ObjectId>>(row: &Row<'_>, index: usize) -> rusqlite::Result<I> {
    row.get::<_, [u8; 12]>(index).map(|bytes| ObjectId::from_bytes(bytes).into())
}

/// The id in column `index`, which may be null.
pub(super) fn optional_id<I: From<ObjectId>>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<I>> {
    Ok(row.get::<_, Option<[u8; 12]>>(index)?.map(|bytes| ObjectId::from_bytes(bytes).into()))
}

/// The time in column `index`.
pub(super) fn timestamp(row: &Row<'_>, index: usize) -> rusqlite::Result<Timestamp> {
    row.get(index).map(Timestamp::from_unix_seconds)
}

/// The time in column `index`, which may be null.
pub(super) fn optional_timestamp(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(index)?.map(Timestamp::from_unix_seconds))
}

/// The text in column `index`, parsed.
pub(super) fn parsed<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(index)?;
    text.parse().map_err(|error| unreadable(index, error))
}

/// The JSON object in column `index`.
pub(super) fn json(row: &Row<'_>, index: usize) -> rusqlite::Result<Map<String, Value>> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| unreadable(index, error))
}

/// Turns an optional row into an `Option`.
pub(super) fn optional<T>(result: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The only column of the only row, if there is one.
pub(super) fn scalar<T: FromSql>(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Option<T>> {
    optional(connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)))
}

fn unreadable(index: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
}
