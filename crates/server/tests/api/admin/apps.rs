//! Applications of the admin API, protocol §7.2: made, listed, deleted, and side by side with those of folders.

use super::Administrator;
use crate::support::{APP, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test]
async fn an_application_has_a_client_app_id_of_its_own() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let first = admin.create_app("my_app").await;
    let second = admin.create_app("my_app").await;
    assert_ne!(first.client_app_id, second.client_app_id);
    let suffix = first.client_app_id.strip_prefix("my_app-").unwrap();
    assert!(suffix.len() == 5 && suffix.bytes().all(|b| b.is_ascii_lowercase()), "{suffix}");
    let shown = first.get("").await;
    for (member, value) in [("name", "my_app"), ("location", "US-VA"), ("deployment_model", "GLOBAL")] {
        assert_eq!(shown.body[member], value);
    }
    assert!(shown.body["last_modified"].is_i64() && shown.body["domain_id"] != shown.body["_id"]);
    let listed = admin.send(Method::GET, &admin.apps, None).await;
    let listed: Vec<_> =
        listed.body.as_array().unwrap().iter().map(|app| app["client_app_id"].clone()).collect();
    assert_eq!(listed, [json!(APP), json!(first.client_app_id), json!(second.client_app_id)]);
}

#[tokio::test]
async fn a_name_has_1_to_32_letters_digits_underscores_and_hyphens() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    for name in [json!("a"), json!("a".repeat(32)), json!("A-b_9")] {
        let made = admin.send(Method::POST, &admin.apps, Some(json!({"name": name}))).await;
        made.expect(StatusCode::CREATED);
    }
    for name in
        [json!(""), json!("a".repeat(33)), json!("a b"), json!("ä"), json!("a/b"), json!(1), Value::Null]
    {
        let refused = admin.send(Method::POST, &admin.apps, Some(json!({"name": name}))).await;
        refused.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["error_code"], "InvalidParameter");
    }
}

#[tokio::test]
async fn an_application_is_there_after_a_restart_with_its_secrets_and_users() {
    let folder = TempDir::new().unwrap();
    let server = TestServer::start_in(folder.into(), |_| {}).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("kept").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    app.create("/secrets", json!({"name": "s", "value": "a secret value"})).await;
    app.create("/values", json!({"name": "v", "value": "s", "from_secret": true})).await;
    let tokens = app.client("/auth/providers/anon-user/login", json!({})).await.tokens();
    let (id, client_app_id) = (app.id.clone(), app.client_app_id.clone());
    let server = TestServer::start_in(server.stop().await, |_| {}).await;
    assert!(server.is_alive(&tokens).await);
    let admin = Administrator::log_in(&server).await;
    let app = admin.app(&json!({"_id": id, "client_app_id": client_app_id}));
    assert_eq!(app.get("/values").await.body[0]["name"], "v");
    let debug = json!({"source": "exports = () => context.values.get('v');"});
    let debugged =
        app.send(Method::POST, "/debug/execute_function_source?run_as_system=true", Some(debug)).await;
    assert_eq!(debugged.body["result"], "a secret value");
}

#[tokio::test]
async fn deleting_an_application_ends_its_sessions_and_removes_its_users() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("gone").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    let tokens = app.client("/auth/providers/anon-user/login", json!({})).await.tokens();
    assert!(server.is_alive(&tokens).await);
    app.send(Method::DELETE, "", None).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&tokens).await);
    app.send(Method::GET, "", None).await.expect(StatusCode::NOT_FOUND);
    app.send(Method::DELETE, "", None).await.expect(StatusCode::NOT_FOUND);
    keystead_server::sweep_once(&server.state).await.unwrap();
    let user_id = tokens.user_id.parse().unwrap();
    assert_eq!(server.state.store.find_user(user_id).await.unwrap(), None);
}

#[tokio::test]
async fn an_application_of_a_folder_is_shown_and_not_changed() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let listed = admin.send(Method::GET, &admin.apps, None).await;
    let app = admin.app(&listed.body[0]);
    let providers = app.get("/auth_providers").await;
    let types: Vec<_> =
        providers.body.as_array().unwrap().iter().map(|found| found["type"].clone()).collect();
    assert!(types.contains(&json!("anon-user")) && types.contains(&json!("custom-token")), "{types:?}");
    let id = app.provider_id("anon-user").await;
    let read_only =
        "this application comes from a folder, which defines it: change the folder, and have it read again";
    for (method, path, body) in [
        (Method::DELETE, String::new(), None),
        (Method::PUT, format!("/auth_providers/{id}/disable"), None),
        (Method::PATCH, format!("/auth_providers/{id}"), Some(json!({"disabled": true}))),
        (Method::DELETE, format!("/auth_providers/{id}"), None),
        (Method::POST, "/functions".into(), Some(json!({"name": "f", "source": "exports = () => 1;"}))),
        (Method::POST, "/values".into(), Some(json!({"name": "v", "value": 1}))),
        (Method::POST, "/secrets".into(), Some(json!({"name": "s", "value": "v"}))),
        (Method::POST, "/drafts".into(), Some(json!({}))),
        (Method::POST, "/security/allowed_request_origins".into(), Some(json!([]))),
        (Method::PUT, "/environment".into(), Some(json!({"environment": "qa"}))),
    ] {
        app.send(method, &path, body).await.expect_error(403, "Forbidden", read_only);
    }
}

#[tokio::test]
async fn the_lifetime_of_sessions_is_the_applications() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("short").await;
    app.create("/auth_providers", json!({"type": "local-userpass", "config": {"autoConfirm": true}})).await;
    let path = "/security/refresh_token_expiration";
    assert_eq!(app.get(path).await.body, json!({"expiration_time_seconds": 5_184_000}));
    app.change(Method::PUT, path, json!({"expiration_time_seconds": 1800})).await;
    assert_eq!(app.get(path).await.body, json!({"expiration_time_seconds": 1800}));
    for seconds in [0, 1799, 157_680_001_u64] {
        let refused = app.send(Method::PUT, path, Some(json!({"expiration_time_seconds": seconds}))).await;
        refused.expect(StatusCode::BAD_REQUEST);
    }
    let account = json!({"email": "a@example.com", "password": "password"});
    app.client("/auth/providers/local-userpass/register", account).await.expect(StatusCode::CREATED);
    let account = json!({"username": "a@example.com", "password": "password"});
    let tokens = app.client("/auth/providers/local-userpass/login", account).await.tokens();
    assert!(server.is_alive(&tokens).await);
    server.state.clock.advance(Duration::from_secs(1801));
    assert!(!server.is_alive(&tokens).await);
}

#[tokio::test]
async fn clients_call_from_the_networks_on_the_access_list() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("listed").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    let login = || app.client("/auth/providers/anon-user/login", json!({}));
    let tokens = login().await.tokens();
    let entries = app.get("/security/access_list").await;
    assert_eq!(entries.body[0]["address"], "0.0.0.0/0");
    let everywhere = entries.body[0]["_id"].as_str().unwrap();
    app.create("/security/access_list", json!({"address": "192.0.2.0/24", "comment": "office"})).await;
    app.send(Method::DELETE, &format!("/security/access_list/{everywhere}"), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    let refused = login().await;
    refused.expect(StatusCode::FORBIDDEN);
    server.get("/auth/profile", &tokens.access).await.expect(StatusCode::FORBIDDEN);
    app.create("/security/access_list", json!({"address": "127.0.0.1"})).await;
    login().await.expect(StatusCode::OK);
    assert!(server.is_alive(&tokens).await);
    let refused = app.send(Method::POST, "/security/access_list", Some(json!({"address": "nowhere"}))).await;
    refused.expect(StatusCode::BAD_REQUEST);
}
