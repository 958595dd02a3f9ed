//! New signing keys.

use super::{header, jwk_set, verifies_offline};
use crate::support::{APP, TestServer};
use keystead_server::domain::signing_keys;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

async fn rotate(server: &TestServer) {
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    assert_eq!(signing_keys::renew(&server.state, app.ids.app_id, true).await.unwrap(), 2);
}

fn ids(keys: &[Value]) -> Vec<&Value> {
    keys.iter().map(|key| &key["kid"]).collect()
}

#[tokio::test]
async fn rotation_logs_nobody_out_and_new_tokens_have_new_keys() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    rotate(&server).await;
    assert!(server.is_alive(&user).await);
    let again = server.log_in_by_email("a@example.com").await;
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    let refreshed = refreshed.body["access_token"].as_str().unwrap();
    assert_ne!(header(&again.access)["kid"], header(&user.access)["kid"]);
    assert_ne!(header(&again.refresh)["kid"], header(&user.refresh)["kid"]);
    assert_eq!(header(refreshed)["kid"], header(&again.access)["kid"]);
    let keys = jwk_set(&server).await;
    assert_eq!(ids(&keys), [&header(&user.access)["kid"], &header(&again.access)["kid"]]);
    for token in [&user.access, &again.access, &refreshed.to_owned()] {
        assert!(verifies_offline(&keys, token));
    }
    for session in [&user, &again] {
        assert!(server.is_alive(session).await);
    }
}

#[tokio::test]
async fn a_replaced_key_is_published_until_its_last_token_is_long_gone() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    rotate(&server).await;
    let new_key = header(&server.log_in_by_email("a@example.com").await.access)["kid"].clone();
    server.state.clock.advance(Duration::from_hours(1));
    assert_eq!(jwk_set(&server).await.len(), 2);
    server.state.clock.advance(2 * DAY);
    assert_eq!(ids(&jwk_set(&server).await), [&new_key]);
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect(StatusCode::CREATED);
    assert_eq!(header(refreshed.body["access_token"].as_str().unwrap())["kid"], new_key);
}

#[tokio::test]
async fn keys_are_replaced_when_they_grow_old_and_not_before() {
    let server = TestServer::start().await;
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let renew = || signing_keys::renew(&server.state, app.ids.app_id, false);
    assert_eq!(renew().await.unwrap(), 0);
    server.state.clock.advance(89 * DAY);
    assert_eq!(renew().await.unwrap(), 0);
    server.state.clock.advance(DAY);
    assert_eq!(renew().await.unwrap(), 2);
    assert_eq!(renew().await.unwrap(), 0);
}

#[tokio::test]
async fn keys_and_their_order_survive_a_restart() {
    let server = TestServer::start().await;
    let before = server.new_user("a@example.com").await;
    for _ in 0..3 {
        rotate(&server).await;
    }
    let last = server.log_in_by_email("a@example.com").await;
    let published = jwk_set(&server).await;
    let server = TestServer::start_in(server.stop().await, |_| {}).await;
    assert_eq!(jwk_set(&server).await, published);
    let after = server.log_in_by_email("a@example.com").await;
    assert_eq!(header(&after.access), header(&last.access));
    assert_eq!(header(&after.refresh), header(&last.refresh));
    for session in [&before, &last, &after] {
        assert!(server.is_alive(session).await);
    }
    assert_eq!(header(&after.access)["kid"], json!(published[3]["kid"]));
}
