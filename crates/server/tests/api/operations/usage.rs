//! "Last used" is collected in memory: a login with a key leaves the store as it was.

use crate::support::{Answer, TestServer};
use reqwest::{Method, StatusCode};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

/// Every row of every table.
fn contents(database: &Connection) -> Vec<(String, Vec<Vec<Cell>>)> {
    let mut tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    tables
        .map(|table| {
            let mut rows = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = rows.column_count();
            let rows = rows.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
            (table, rows.unwrap().map(Result::unwrap).collect())
        })
        .collect()
}

fn open(server: &TestServer) -> Connection {
    let file = server.folder.path().join("data/keystead.sqlite3");
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

#[tokio::test]
async fn logging_in_with_a_key_writes_nothing_until_its_use_is_flushed() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    server.state.usage.flush(server.state.store.as_ref()).await.unwrap();
    let database = open(&server);
    let before = contents(&database);
    let url = server.client_url("/app/quickstart-abcde/auth/providers/api-key/login");
    for _ in 0..20 {
        let request = server.request(Method::POST, &url).header("user-agent", "night-job/1.0");
        Answer::of(request.json(&json!({"key": key}))).await.expect(StatusCode::OK);
    }
    assert_eq!(contents(&database), before);

    server.state.usage.flush(server.state.store.as_ref()).await.unwrap();
    assert_ne!(contents(&database), before);
    let last_used = "SELECT last_used_at, last_used_from, last_used_agent FROM api_keys";
    let last_used = database.query_row(last_used, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    });
    let (at, from, agent) = last_used.unwrap();
    assert!((server.state.clock.now().unix_seconds() - at).abs() < 600);
    assert_eq!((from.as_str(), agent.as_str()), ("127.0.0.1", "night-job/1.0"));
}
