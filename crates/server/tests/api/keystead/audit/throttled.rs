//! That somebody guesses is told once, and never by a name that they made up.

use super::events_of;
use crate::support::{APP, Answer, PASSWORD, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn start() -> TestServer {
    TestServer::start_with(|settings| {
        settings.login_throttle = "3/h".parse().unwrap();
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

async fn guess(server: &TestServer, from: &str, email: &str) -> Answer {
    let path = format!("/app/{APP}/auth/providers/local-userpass/login");
    let request = server.request(Method::POST, &server.client_url(&path)).header("x-forwarded-for", from);
    Answer::of(request.json(&json!({"username": email, "password": "wrong password"}))).await
}

#[tokio::test]
async fn an_account_that_is_guessed_at_is_told_once_by_its_user() {
    let server = start().await;
    let user = server.new_user("a@example.com").await;
    let mut answers = Vec::new();
    for attempt in 0..12 {
        answers.push(guess(&server, &format!("192.0.2.{attempt}"), "a@example.com").await);
    }
    assert_eq!(answers[3].status, StatusCode::TOO_MANY_REQUESTS);
    let told = events_of(&server, "login.throttled").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["user_id"], user.user_id);
    assert_eq!((&told[0]["actor"], &told[0]["outcome"]), (&json!("nobody"), &json!("refused")));
    assert_eq!(
        (&told[0]["address"], &told[0]["request_id"]),
        (&json!("192.0.2.2"), &json!(super::request_id(&answers[2])))
    );
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    assert_eq!(told[0]["app_id"], app_id.to_string());
    assert_eq!(events_of(&server, "login.throttled").await.len(), 1);
}

#[tokio::test]
async fn a_name_that_is_made_up_is_not_kept() {
    let server = start().await;
    for attempt in 0..6 {
        guess(&server, &format!("192.0.2.{attempt}"), PASSWORD).await;
    }
    let told = events_of(&server, "login.throttled").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].get("user_id"), None);
    assert_eq!((&told[0]["subject"], &told[0]["address"]), (&json!("account"), &json!("192.0.2.2")));
}

async fn guess_key(server: &TestServer, from: &str) -> Answer {
    let path = format!("/app/{APP}/auth/providers/api-key/login");
    let request = server.request(Method::POST, &server.client_url(&path)).header("x-forwarded-for", from);
    Answer::of(request.json(&json!({"key": "ks_user_AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}))).await
}

#[tokio::test]
async fn an_address_that_guesses_keys_is_told_once() {
    let server = start().await;
    for _ in 0..8 {
        guess_key(&server, "192.0.2.1").await;
    }
    let told = events_of(&server, "login.throttled").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["subject"], &told[0]["address"]), (&json!("address"), &json!("192.0.2.1")));
}

#[tokio::test]
async fn of_very_many_only_the_count_is_told() {
    let server = start().await;
    for network in 0..300 {
        for _ in 0..3 {
            guess_key(&server, &format!("10.{}.{}.1", network / 256, network % 256)).await;
        }
    }
    let told = events_of(&server, "login.throttled").await;
    assert_eq!(told.len(), 257);
    assert_eq!(told[0]["subject"], "44 more accounts and addresses");
}
