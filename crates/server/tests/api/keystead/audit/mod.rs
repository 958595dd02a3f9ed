//! The audit trail: what is in it, and that nobody changes it unnoticed.

mod events;
mod large;
mod logins;
mod retention;
mod tampering;
mod throttled;

use crate::support::{Answer, TestServer};
use keystead_server::flush_once;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const AUDIT: &str = "/api/keystead/v1/audit";

async fn ask(server: &TestServer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = server.request(method, &format!("{}{AUDIT}{path}", server.url));
    let mut request = request.bearer_auth(server.admin().await);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

/// The events that a query finds, newest first.
async fn events(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = ask(server, Method::GET, &format!("?limit=500{query}"), None).await;
    answer.expect(StatusCode::OK);
    answer.body["events"].as_array().unwrap().clone()
}

async fn events_of(server: &TestServer, action: &str) -> Vec<Value> {
    flush_once(&server.state).await.unwrap();
    events(server, &format!("&action={action}")).await
}

async fn verify(server: &TestServer, expectation: Value) -> Value {
    let answer = ask(server, Method::POST, "/verify", Some(expectation)).await;
    answer.expect(StatusCode::OK);
    answer.body
}

fn request_id(answer: &Answer) -> String {
    answer.headers["x-appservices-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_an_administrator_reads_or_verifies_the_trail() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for (method, path) in [(Method::GET, ""), (Method::POST, "/verify")] {
        for token in [None, Some(&user.access), Some(&user.refresh)] {
            let mut request = server.request(method.clone(), &format!("{}{AUDIT}{path}", server.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            Answer::of(request).await.expect(StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn events_come_newest_first_page_by_page_and_by_what_is_asked_for() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let other = server.new_user("b@example.com").await;
    for name in ["one", "two", "three"] {
        server.new_key(&user, name).await;
    }
    server.new_key(&other, "one").await;
    let first = ask(&server, Method::GET, &format!("?limit=2&user_id={}", user.user_id), None).await;
    let second = first.body["next_before"].as_i64().unwrap();
    let path = format!("?limit=10&user_id={}&before={second}", user.user_id);
    let rest = ask(&server, Method::GET, &path, None).await;
    assert_eq!(rest.body.get("next_before"), None);
    let of = |answer: &Answer| answer.body["events"].as_array().unwrap().clone();
    let all: Vec<_> = [of(&first), of(&rest)].concat();
    assert_eq!(all, events(&server, &format!("&user_id={}", user.user_id)).await);
    let sequences: Vec<_> = all.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|newer, older| newer > older));
    let actions: Vec<_> = all.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["api_key.created", "api_key.created", "api_key.created", "user.created"]);

    assert_eq!(events_of(&server, "api_key.created").await.len(), 4);
    assert_eq!(events_of(&server, "no.such.action").await, Vec::<Value>::new());
    let app_id = server.state.apps().by_client_app_id(crate::support::APP).unwrap().ids.app_id;
    assert!(events(&server, &format!("&app_id={app_id}")).await.len() > 7);
    assert_eq!(events(&server, "&app_id=6b050440dc29d2aaccddaf5e").await, Vec::<Value>::new());
    let now = server.state.clock.now().unix_seconds();
    assert_eq!(events(&server, &format!("&since={}", now + 60)).await, Vec::<Value>::new());
    assert_eq!(events(&server, &format!("&until={}", now - 600)).await, Vec::<Value>::new());
    assert!(events(&server, &format!("&since={}&until={}", now - 600, now + 60)).await.len() > 7);
    let wrong = ask(&server, Method::GET, "?user_id=x", None).await;
    wrong.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_trail_that_nobody_touched_is_intact_and_says_its_head() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let before = verify(&server, json!({})).await;
    server.new_key(&user, "one").await;
    let after = verify(&server, json!({})).await;
    assert_eq!((&before["intact"], &after["intact"]), (&json!(true), &json!(true)));
    assert!(after["events"].as_i64() > before["events"].as_i64());
    assert_eq!(after["events"], after["head_sequence"]);
    // What was noted is found again, by its number, by its mac, and by both.
    for noted in [
        json!({"expect_sequence": before["head_sequence"]}),
        json!({"expect_head": before["head"]}),
        json!({"expect_sequence": before["head_sequence"], "expect_head": before["head"]}),
    ] {
        assert_eq!(verify(&server, noted).await["intact"], json!(true));
    }
    let wrong = json!({"expect_sequence": 1, "expect_head": before["head"]});
    assert_eq!(verify(&server, wrong).await["broken_at"], json!(1));
    let answer = ask(&server, Method::POST, "/verify", Some(json!({"expect_head": "abc"}))).await;
    answer.expect(StatusCode::BAD_REQUEST);
}
