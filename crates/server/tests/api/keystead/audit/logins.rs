//! When and from where somebody logged in: once for each day, network and key, and never by a write at the login.

use super::{events, events_of, request_id, verify};
use crate::support::{APP, Answer, PASSWORD, TestServer, Tokens};
use keystead_server::flush_once;
use reqwest::{Method, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

async fn start() -> TestServer {
    TestServer::start_with(|settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

async fn log_in_from(server: &TestServer, from: &str, provider: &str, body: Value) -> Answer {
    let path = format!("/app/{APP}/auth/providers/{provider}/login");
    let request = server.request(Method::POST, &server.client_url(&path)).header("x-forwarded-for", from);
    let answer = Answer::of(request.json(&body)).await;
    answer.expect(StatusCode::OK);
    answer
}

/// A user and a key, with what came of making them written.
async fn with_key(server: &TestServer) -> (Tokens, String, String) {
    let user = server.new_user("a@example.com").await;
    let (key_id, key) = server.new_key(&user, "one").await;
    flush_once(&server.state).await.unwrap();
    (user, key_id, key)
}

async fn first_uses(server: &TestServer) -> Vec<Value> {
    events_of(server, "api_key.first_used_from_network").await
}

async fn logins_with(server: &TestServer, subject: Option<&str>) -> usize {
    let logins = events_of(server, "login.succeeded").await;
    logins.iter().filter(|event| event["subject"].as_str() == subject).count()
}

#[tokio::test]
async fn the_first_use_of_a_key_from_a_network_is_told_once() {
    let server = start().await;
    let (user, key_id, key) = with_key(&server).await;
    let first = log_in_from(&server, "192.0.2.1", "api-key", json!({"key": key})).await;
    log_in_from(&server, "192.0.2.200", "api-key", json!({"key": key})).await;
    let told = first_uses(&server).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let event = &told[0];
    assert_eq!((&event["actor"], &event["actor_id"]), (&json!("user"), &json!(user.user_id)));
    assert_eq!((&event["user_id"], &event["subject"]), (&json!(user.user_id), &json!(key_id)));
    assert_eq!((&event["address"], &event["outcome"]), (&json!("192.0.2.1"), &json!("done")));
    assert_eq!(event["request_id"], request_id(&first));
    // Several networks between two flushes, and more than one address of a network.
    for from in ["198.51.100.7", "2001:db8:1:2::1", "2001:db8:1:ffff::2", "192.0.2.77"] {
        log_in_from(&server, from, "api-key", json!({"key": key})).await;
    }
    assert_eq!(first_uses(&server).await.len(), 3);
    server.state.clock.advance(3 * DAY);
    log_in_from(&server, "198.51.100.8", "api-key", json!({"key": key})).await;
    assert_eq!(first_uses(&server).await.len(), 3);
    assert_eq!(verify(&server, json!({})).await["intact"], json!(true));
}

#[tokio::test]
async fn logins_are_told_once_for_each_day_network_and_key() {
    let server = start().await;
    let (user, key_id, key) = with_key(&server).await;
    let password = json!({"username": "a@example.com", "password": PASSWORD});
    let (by_key, by_password) = (Some(key_id.as_str()), None);
    let before = logins_with(&server, by_password).await;
    assert_eq!(before, 1, "the login by which the key was made");
    for _ in 0..3 {
        log_in_from(&server, "192.0.2.1", "api-key", json!({"key": key})).await;
        log_in_from(&server, "192.0.2.1", "local-userpass", password.clone()).await;
        flush_once(&server.state).await.unwrap();
    }
    assert_eq!(logins_with(&server, by_key).await, 1);
    assert_eq!(logins_with(&server, by_password).await, 2);
    log_in_from(&server, "198.51.100.7", "api-key", json!({"key": key})).await;
    assert_eq!(logins_with(&server, by_key).await, 2);
    server.state.clock.advance(DAY);
    log_in_from(&server, "198.51.100.7", "api-key", json!({"key": key})).await;
    log_in_from(&server, "192.0.2.1", "local-userpass", password).await;
    assert_eq!(logins_with(&server, by_key).await, 3);
    assert_eq!(logins_with(&server, by_password).await, 3);
    let of_user = events(&server, &format!("&user_id={}&action=login.succeeded", user.user_id)).await;
    assert_eq!(of_user.len(), 6);
}

#[tokio::test]
async fn what_is_known_outlives_the_server_and_goes_with_the_key() {
    let server = start().await;
    let (_, key_id, key) = with_key(&server).await;
    log_in_from(&server, "192.0.2.1", "api-key", json!({"key": key})).await;
    let folder = server.stop().await;
    let server = TestServer::start_in(folder, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    log_in_from(&server, "192.0.2.2", "api-key", json!({"key": key})).await;
    assert_eq!(first_uses(&server).await.len(), 1);
    let user = server.log_in_by_email("a@example.com").await;
    // A use that is not written yet when the key goes.
    log_in_from(&server, "198.51.100.7", "api-key", json!({"key": key})).await;
    let path = format!("/auth/api_keys/{key_id}");
    server.delete(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(first_uses(&server).await.len(), 1);
    server.delete("/auth/delete", &user.access).await.expect(StatusCode::NO_CONTENT);
    flush_once(&server.state).await.unwrap();
    let database = Connection::open(server.folder.path().join("data/keystead.sqlite3")).unwrap();
    let known: i64 = database.query_row("SELECT count(*) FROM known_networks", [], |row| row.get(0)).unwrap();
    assert_eq!(known, 0);
}

#[tokio::test]
async fn of_a_key_the_newest_32_networks_are_known() {
    let server = start().await;
    let (_, _, key) = with_key(&server).await;
    for network in 0..40 {
        log_in_from(&server, &format!("10.0.{network}.1"), "api-key", json!({"key": key})).await;
        server.state.clock.advance(Duration::from_secs(1));
        if network % 4 == 3 {
            flush_once(&server.state).await.unwrap();
        }
    }
    assert_eq!(first_uses(&server).await.len(), 40);
    for (network, expected) in [(39, 40), (8, 40), (0, 41)] {
        log_in_from(&server, &format!("10.0.{network}.1"), "api-key", json!({"key": key})).await;
        assert_eq!(first_uses(&server).await.len(), expected, "{network}");
    }
}

#[tokio::test]
async fn refused_logins_and_renewals_are_no_logins() {
    let server = start().await;
    let (user, _, key) = with_key(&server).await;
    let before = events_of(&server, "login.succeeded").await.len();
    server.log_in_by_key(&format!("{key}x")).await.expect(StatusCode::UNAUTHORIZED);
    let wrong = json!({"username": "a@example.com", "password": "wrong password"});
    server.log_in("local-userpass", wrong).await.expect(StatusCode::UNAUTHORIZED);
    server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await.expect(StatusCode::CREATED);
    server.new_anonymous().await;
    assert_eq!(events_of(&server, "login.succeeded").await.len(), before);
}
