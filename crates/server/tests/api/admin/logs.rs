//! The log of an application, protocol §7.8.

use crate::support::{APP, Answer, PASSWORD, TestServer, app_folder, provider};
use keystead_server::domain::admins::GROUP_ID;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

async fn ask_of(server: &TestServer, client_app_id: &str, token: Option<&str>, query: &str) -> Answer {
    let app = server.state.apps().by_client_app_id(client_app_id).unwrap();
    let url = format!("{}/api/admin/v3.0/groups/{GROUP_ID}/apps/{}/logs{query}", server.url, app.ids.app_id);
    let mut request = server.request(Method::GET, &url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::of(request).await
}

async fn page(server: &TestServer, query: &str) -> Value {
    let answer = ask_of(server, APP, Some(&server.admin().await), query).await;
    answer.expect(StatusCode::OK);
    answer.body
}

async fn logs(server: &TestServer, query: &str) -> Vec<Value> {
    page(server, query).await["logs"].as_array().unwrap().clone()
}

fn request_id(answer: &Answer) -> String {
    answer.headers["x-appservices-request-id"].to_str().unwrap().to_owned()
}

/// Types and URLs, newest first.
fn shown(logs: &[Value]) -> Vec<(&str, &str)> {
    logs.iter().map(|log| (log["type"].as_str().unwrap(), log["request_url"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_refused_login_is_in_the_log_with_what_the_client_was_told() {
    let server = TestServer::start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let path = format!("/app/{APP}/auth/providers/local-userpass/login");
    let request =
        server.request(Method::POST, &server.client_url(&path)).header("user-agent", "night-job/1.0");
    let body = json!({"username": "a@example.com", "password": "wrong password"});
    let refused = Answer::of(request.json(&body)).await;
    let co_id = request_id(&refused);
    let found = logs(&server, &format!("?co_id={co_id}")).await;
    assert_eq!(found.len(), 1);
    let log = &found[0];
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let completed: jiff::Timestamp = log["completed"].as_str().unwrap().parse().unwrap();
    let started: jiff::Timestamp = log["started"].as_str().unwrap().parse().unwrap();
    assert!(
        started <= completed && (server.state.clock.now().unix_seconds() - started.as_second()).abs() < 600
    );
    assert_eq!(
        *log,
        json!({
            "_id": co_id,
            "co_id": co_id,
            "type": "AUTH",
            "domain_id": app.ids.domain_id,
            "app_id": app.ids.app_id,
            "group_id": GROUP_ID,
            "request_url": format!("/api/client/v2.0{path}"),
            "request_method": "POST",
            "remote_ip_address": "127.0.0.1",
            "started": log["started"],
            "completed": log["completed"],
            "status": 401,
            "messages": [],
            "error": refused.body["error"],
            "error_code": "InvalidPassword",
            "auth_event": {"type": "login", "provider": "local-userpass", "failed": true},
            "user_agent": "night-job/1.0",
        })
    );
}

#[tokio::test]
async fn what_changes_something_and_what_fails_is_logged_and_what_is_most_of_all_is_not() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (key_id, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await.expect(StatusCode::CREATED);
    server.get("/auth/profile", &user.access).await.expect(StatusCode::OK);
    server.get("/auth/api_keys", &user.refresh).await.expect(StatusCode::OK);
    server
        .get(&format!("/auth/api_keys/{}", user.user_id), &user.refresh)
        .await
        .expect(StatusCode::NOT_FOUND);
    server.log_in_by_key(&format!("{key}x")).await.expect(StatusCode::UNAUTHORIZED);
    let body = json!({"name": "none", "arguments": []});
    let call = format!("/app/{APP}/functions/call");
    server.post(&call, &user.access, body).await.expect(StatusCode::NOT_FOUND);
    server.delete("/auth/session", &by_key.refresh).await.expect(StatusCode::NO_CONTENT);
    server.administer(Method::GET, "", None).await.expect(StatusCode::OK);
    let token = json!({"token": user.access});
    server.administer(Method::POST, "/verify_token", Some(token)).await.expect(StatusCode::OK);
    let disable = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &disable, None).await.expect(StatusCode::NO_CONTENT);
    let found = logs(&server, "").await;
    let client = |path: &str| format!("/api/client/v2.0{path}");
    let login = |provider: &str| client(&format!("/app/{APP}/auth/providers/{provider}/login"));
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    let expected = [
        ("API", format!("/api/admin/v3.0/groups/{GROUP_ID}/apps/{app_id}/users{disable}")),
        ("AUTH", client("/auth/session")),
        ("FUNCTION", client(&call)),
        ("AUTH", login("api-key")),
        ("API_KEY", client(&format!("/auth/api_keys/{}", user.user_id))),
        ("API_KEY", client("/auth/api_keys")),
        ("AUTH", login("local-userpass")),
        ("AUTH", client(&format!("/app/{APP}/auth/providers/local-userpass/register"))),
    ];
    let expected: Vec<_> = expected.iter().map(|(log_type, url)| (*log_type, url.as_str())).collect();
    assert_eq!(shown(&found), expected);
    assert!(found[5]["user_id"] == user.user_id && found[6]["user_id"] == user.user_id);
    assert!(!key_id.is_empty());
}

#[tokio::test]
async fn each_filter_finds_what_it_is_for() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let other = server.new_user("b@example.com").await;
    server.new_key(&user, "one").await;
    server.post("/auth/api_keys", &other.refresh, json!({"name": "no name!"})).await;
    assert_eq!(logs(&server, "").await.len(), 6);
    let errors = logs(&server, "?errors_only").await;
    assert_eq!((errors.len(), &errors[0]["status"]), (1, &json!(400)));
    assert_eq!(logs(&server, "?errors_only=true").await, errors);
    assert_eq!(logs(&server, &format!("?user_id={}", user.user_id)).await.len(), 2);
    assert_eq!(logs(&server, "?type=API_KEY").await.len(), 2);
    assert_eq!(logs(&server, "?type=AUTH,API_KEY").await.len(), 6);
    assert_eq!(logs(&server, "?type=DB_TRIGGER").await.len(), 0);
    assert_eq!(logs(&server, "?type=API_KEY&errors_only=").await, errors);
    // As tools write dates: with a fraction, and with any offset.
    let early = "2001-01-01T00:00:00.999Z";
    assert_eq!(logs(&server, &format!("?start_date={early}")).await.len(), 6);
    assert_eq!(logs(&server, &format!("?end_date={early}")).await.len(), 0);
    assert_eq!(logs(&server, "?end_date=2001-01-01T02:00:00%2B02:00").await.len(), 0);
    for wrong in ["?start_date=yesterday", "?limit=many", "?co_id=x", "?skip=-1", "?user_id=x"] {
        let answer = ask_of(&server, APP, Some(&server.admin().await), wrong).await;
        answer.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn pages_lead_from_the_newest_to_the_oldest() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for number in 0..20 {
        server.post("/auth/api_keys", &user.refresh, json!({"name": format!("no name {number}!")})).await;
        if number % 6 == 0 {
            server.state.clock.advance(Duration::from_secs(2));
        }
    }
    let all: Vec<_> = logs(&server, "").await.iter().map(|log| log["co_id"].clone()).collect();
    assert_eq!(all.len(), 22);
    let (mut found, mut query) = (Vec::new(), "?limit=5".to_owned());
    loop {
        let page = page(&server, &query).await;
        found.extend(page["logs"].as_array().unwrap().iter().map(|log| log["co_id"].clone()));
        let Some(end) = page["nextEndDate"].as_str() else { break };
        query = format!("?limit=5&end_date={end}&skip={}", page["nextSkip"]);
    }
    assert_eq!(found, all);
    assert!(all.is_sorted_by(|newer, older| newer.as_str() > older.as_str()));
}

#[tokio::test]
async fn an_applications_log_is_its_own_and_its_administrators() {
    let folder = TempDir::new().unwrap();
    let providers = json!({"anon-user": provider("anon-user", json!({})).1});
    let apps = [APP, "another-abcde"].map(|app| app_folder(folder.path(), app, &providers, json!({})));
    let server = TestServer::start_with(|settings| settings.apps = apps.to_vec()).await;
    let user = server.new_anonymous().await;
    let admin = server.admin().await;
    let other = ask_of(&server, "another-abcde", Some(&admin), "").await;
    assert_eq!(other.body, json!({"logs": []}));
    for token in [None, Some(&*user.access), Some(&*user.refresh)] {
        ask_of(&server, APP, token, "").await.expect(StatusCode::UNAUTHORIZED);
    }
    // Whoever follows the link of an error learns no more than they knew.
    let refused = server.log_in("api-key", json!({"key": PASSWORD})).await;
    let link = refused.body["link"].as_str().unwrap();
    let outside = Answer::of(server.request(Method::GET, link)).await;
    outside.expect(StatusCode::OK);
    for secret in ["127.0.0.1", "auth", "AuthProviderNotFound"] {
        assert!(!outside.text.contains(secret), "{}", outside.text);
    }
}

#[tokio::test]
async fn a_flood_of_those_who_have_to_wait_pushes_nothing_out() {
    let server = TestServer::start_with(|settings| settings.login_throttle = "3/h".parse().unwrap()).await;
    let admin = server.admin().await;
    for _ in 0..20 {
        server.log_in("local-userpass", json!({"username": "a@example.com", "password": "wrong"})).await;
    }
    let found = ask_of(&server, APP, Some(&admin), "").await;
    assert_eq!(found.body["logs"].as_array().unwrap().len(), 3);
}
