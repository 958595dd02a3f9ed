//! Users and their sessions.

use super::{Keystead, failed};
use crate::support::api::PASSWORD;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn users_are_listed_in_tables_and_as_json() {
    let keystead = Keystead::start();
    assert_eq!(keystead.json(&["users", "list"]), json!([]));
    assert_eq!(keystead.ok(&["users", "list"]), "");
    let ada = keystead.api().new_user("ada@example.com").await;
    let table = keystead.ok(&["users", "list"]);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0].starts_with("ID ") && rows[0].contains("WAYS TO LOG IN"), "{table}");
    for part in [&ada.user_id, "ada@example.com", "enabled", "local-userpass"] {
        assert!(rows[1].contains(part), "{table}");
    }
    let listed = keystead.json(&["users", "list"]);
    assert_eq!(listed[0]["_id"], *ada.user_id);
    assert_eq!(listed[0], keystead.json(&["users", "show", &ada.user_id]));
}

#[tokio::test]
async fn lists_go_beyond_a_page_and_stop_at_the_limit() {
    let keystead = Keystead::start();
    let api = keystead.api();
    for _ in 0..120 {
        assert_eq!(api.log_in("anon-user", json!({})).await.status, StatusCode::OK);
    }
    let count = |args: &[&str]| keystead.json(&[&["users", "list"], args].concat()).as_array().unwrap().len();
    assert_eq!(count(&[]), 120);
    assert_eq!(count(&["--limit", "70"]), 70);
    assert_eq!(count(&["--limit", "0"]), 0);
}

#[tokio::test]
async fn a_disabled_user_is_out_until_enabled() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let (_, key) = api.new_key(&ada, "laptop").await;
    keystead.ok(&["users", "disable", &ada.user_id]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    assert!(keystead.ok(&["users", "list"]).contains("disabled"));
    keystead.ok(&["users", "enable", &ada.user_id]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_are_ended_on_every_device() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let again = api.log_in_by_email("ada@example.com", PASSWORD).await.tokens();
    failed(&keystead.run(&["sessions", "revoke", "--user", &ada.user_id]), 2, &["ada@example.com", "--yes"]);
    assert_eq!(api.refresh(&ada.refresh).await.status, StatusCode::CREATED);
    keystead.ok(&["sessions", "revoke", "--user", &ada.user_id, "--yes"]);
    for session in [&ada, &again] {
        assert_eq!(api.refresh(&session.refresh).await.status, StatusCode::UNAUTHORIZED);
    }
    api.log_in_by_email("ada@example.com", PASSWORD).await.tokens();
}

#[tokio::test]
async fn names_that_users_chose_cannot_steer_the_terminal() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let registered =
        api.email("register", json!({"email": "\u{1b}[2J@example.com", "password": PASSWORD})).await;
    if registered.status == StatusCode::CREATED {
        let table = keystead.ok(&["users", "list"]);
        assert!(table.contains("\\u{1b}[2J@example.com"), "{table}");
    }
}
