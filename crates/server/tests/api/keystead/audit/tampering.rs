//! Whoever has the database and not the pepper cannot change the trail unnoticed.

use super::verify;
use crate::support::TestServer;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A stopped server with some events, and its noted head.
async fn trail() -> (Arc<TempDir>, Value) {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for name in ["one", "two", "three"] {
        let (key_id, _) = server.new_key(&user, name).await;
        server.put(&format!("/auth/api_keys/{key_id}/disable"), &user.refresh).await;
    }
    let head = verify(&server, json!({})).await;
    (server.stop().await, head)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// What verifying says of a copy of the trail to which this was done.
async fn after(trail: &TempDir, expectation: Value, sql: &str) -> Value {
    let folder = TempDir::new().unwrap();
    copy(&trail.path().join("data"), &folder.path().join("data"));
    let database = Connection::open(folder.path().join("data/keystead.sqlite3")).unwrap();
    database.execute_batch(&format!("PRAGMA ignore_check_constraints = 1; {sql}")).unwrap();
    drop(database);
    let server = TestServer::start_in(Arc::new(folder), |_| {}).await;
    let found = verify(&server, expectation).await;
    assert!(found["intact"] == json!(true) || found["reason"].is_string(), "{found}");
    found
}

#[tokio::test]
async fn a_change_of_any_column_is_told() {
    let (trail, _) = trail().await;
    assert_eq!(after(&trail, json!({}), "").await["intact"], json!(true));
    for change in [
        "at = at + 1",
        "app_id = randomblob(12)",
        "app_id = NULL",
        "actor = 'server'",
        "actor_id = randomblob(12)",
        "action = 'api_key.enabled'",
        "action = 'what no version writes'",
        "user_id = NULL",
        "user_id = x'01'",
        "subject = 'another'",
        "address = '192.0.2.1'",
        "address = ''",
        "request_id = NULL",
        "outcome = 'refused'",
        "mac = randomblob(32)",
        "mac = x''",
        "sequence = 4000",
    ] {
        let found =
            after(&trail, json!({}), &format!("UPDATE audit_events SET {change} WHERE sequence = 4")).await;
        assert_eq!((&found["intact"], &found["broken_at"]), (&json!(false), &json!(4)), "{change}: {found}");
        assert_eq!(found["events"], json!(3), "{change}");
    }
}

#[tokio::test]
async fn a_row_that_is_removed_added_or_moved_is_told() {
    let (trail, _) = trail().await;
    for (sql, broken_at, reason) in [
        ("DELETE FROM audit_events WHERE sequence = 4", 4, "event 4 is missing"),
        ("DELETE FROM audit_events WHERE sequence < 4", 1, "events 1 to 3 are missing"),
        // The rows behind it are moved up to close the gap.
        (
            "DELETE FROM audit_events WHERE sequence = 4;
             UPDATE audit_events SET sequence = sequence - 1 WHERE sequence > 4",
            4,
            "event 4 was changed",
        ),
        (
            "INSERT INTO audit_events SELECT sequence + 1, at, app_id, actor, actor_id, action, user_id, subject,
             address, request_id, outcome, randomblob(32) FROM audit_events ORDER BY sequence DESC LIMIT 1",
            0,
            "was written by somebody who does not have the pepper",
        ),
        (
            "UPDATE audit_events SET sequence = -sequence WHERE sequence > 3;
             UPDATE audit_events SET sequence = 1 - sequence WHERE sequence < 0;
             INSERT INTO audit_events SELECT 4, at, app_id, actor, actor_id, action, user_id, subject,
             address, request_id, outcome, mac FROM audit_events WHERE sequence = 3",
            4,
            "event 4 was changed",
        ),
        (
            "INSERT INTO audit_events SELECT 0, at, app_id, actor, actor_id, action, user_id, subject,
             address, request_id, outcome, mac FROM audit_events WHERE sequence = 3",
            0,
            "before the start",
        ),
        (
            "UPDATE audit_events SET sequence = 0 WHERE sequence = 3;
             UPDATE audit_events SET sequence = 3 WHERE sequence = 4;
             UPDATE audit_events SET sequence = 4 WHERE sequence = 0",
            3,
            "event 3 was changed",
        ),
        // A pruning that is made up to cover what was removed.
        (
            "DELETE FROM audit_events WHERE sequence < 4;
             INSERT INTO audit_events (sequence, at, actor, action, subject, outcome, mac)
             SELECT (SELECT max(sequence) + 1 FROM audit_events), at, 'server', 'audit.pruned',
             '3 ' || (SELECT lower(hex(mac)) FROM audit_events WHERE sequence = 4), 'done', randomblob(32)
             FROM audit_events LIMIT 1",
            4,
            "event 4 was changed",
        ),
    ] {
        let found = after(&trail, json!({}), sql).await;
        assert_eq!(found["intact"], json!(false), "{sql}: {found}");
        assert!(found["reason"].as_str().unwrap().contains(reason), "{sql}: {found}");
        assert!(broken_at == 0 || found["broken_at"] == json!(broken_at), "{sql}: {found}");
    }
}

#[tokio::test]
async fn a_trail_whose_end_was_cut_off_is_told_by_whoever_noted_its_head() {
    let (trail, head) = trail().await;
    let (sequence, mac) = (&head["head_sequence"], &head["head"]);
    let cut = format!("DELETE FROM audit_events WHERE sequence > {sequence} - 2");
    // No chain knows where it was going to end.
    assert_eq!(after(&trail, json!({}), &cut).await["intact"], json!(true));
    for noted in [
        json!({"expect_sequence": sequence}),
        json!({"expect_head": mac}),
        json!({"expect_sequence": sequence, "expect_head": mac}),
    ] {
        assert_eq!(after(&trail, noted.clone(), "").await["intact"], json!(true), "{noted}");
        let found = after(&trail, noted.clone(), &cut).await;
        assert_eq!(found["intact"], json!(false), "{noted}");
        assert!(found["reason"].as_str().unwrap().contains("cut off"), "{found}");
        assert!(found["broken_at"].as_i64() <= sequence.as_i64());
        let all = after(&trail, noted, "DELETE FROM audit_events").await;
        assert_eq!(all["intact"], json!(false));
    }
}

#[tokio::test]
async fn another_pepper_is_told_as_such() {
    let (trail, _) = trail().await;
    std::fs::write(trail.path().join("data/pepper"), "ab".repeat(32)).unwrap();
    // What else would keep the server from starting.
    let found = after(&trail, json!({}), "DELETE FROM signing_keys").await;
    assert_eq!(found["intact"], json!(false));
    assert!(found["reason"].as_str().unwrap().contains("another pepper"), "{found}");
}
