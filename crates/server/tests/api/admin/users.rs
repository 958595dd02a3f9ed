//! What an administrator may do about users, protocol §7 and §2.8.

use crate::support::{ADMIN_PASSWORD, APP, Answer, TestServer, Tokens, app_folder, provider};
use keystead_server::domain::admins::GROUP_ID;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

const ADMIN: &str = "/api/admin/v3.0";

async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let mut request = server.request(method, &format!("{}{ADMIN}{path}", server.url));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

async fn log_in(server: &TestServer, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    send(server, Method::POST, "/auth/providers/local-userpass/login", None, Some(body)).await
}

fn app_path(server: &TestServer, client_app_id: &str) -> String {
    let app = server.state.apps().by_client_app_id(client_app_id).unwrap();
    format!("/groups/{GROUP_ID}/apps/{}", app.ids.app_id)
}

async fn verify(server: &TestServer, token: &str) -> Answer {
    server.administer(Method::POST, "/verify_token", Some(json!({"token": token}))).await
}

async fn start_with_user() -> (TestServer, Tokens) {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    (server, user)
}

#[tokio::test]
async fn a_login_answers_with_four_strings() {
    let server = TestServer::start().await;
    let answer = log_in(&server, "admin@example.com", ADMIN_PASSWORD).await;
    let admin = answer.tokens();
    assert_eq!(answer.body.as_object().unwrap().len(), 4);
    let profile = send(&server, Method::GET, "/auth/profile", Some(&admin.access), None).await;
    profile.expect(StatusCode::OK);
    assert_eq!(profile.body["user_id"], admin.user_id);
    assert_eq!(profile.body["roles"][0]["group_id"], GROUP_ID.to_string());
    let refreshed = send(&server, Method::POST, "/auth/session", Some(&admin.refresh), None).await;
    refreshed.expect(StatusCode::CREATED);
    let renewed = refreshed.body["access_token"].as_str().unwrap();
    send(&server, Method::GET, "/auth/profile", Some(renewed), None).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_or_name_is_401() {
    let server = TestServer::start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    for (name, password) in [
        ("admin@example.com", "wrong password"),
        ("nobody@example.com", ADMIN_PASSWORD),
        ("a@example.com", crate::support::PASSWORD),
        ("", ""),
    ] {
        log_in(&server, name, password).await.expect_error(401, "InvalidPassword", "unauthorized");
    }
}

#[tokio::test]
async fn an_administrators_session_ends() {
    let server = TestServer::start().await;
    let admin = log_in(&server, "admin@example.com", ADMIN_PASSWORD).await.tokens();
    server.state.clock.advance(Duration::from_mins(30));
    let late = send(&server, Method::GET, "/auth/profile", Some(&admin.access), None).await;
    // The admin clients renew their session when they read this.
    late.expect_error(401, "InvalidSession", "invalid session: access token expired");
    server.state.clock.advance(Duration::from_hours(24));
    let late = send(&server, Method::POST, "/auth/session", Some(&admin.refresh), None).await;
    late.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_group_or_application_is_404() {
    let (server, user) = start_with_user().await;
    let admin = server.admin().await;
    let right = app_path(&server, APP);
    let app_id = right.rsplit('/').next().unwrap();
    let other = "000000000000000000000000";
    let mut wrong = Vec::new();
    for path in [
        format!("/groups/{other}/apps"),
        format!("/groups/junk/apps/{app_id}/users"),
        format!("/groups/{other}/apps/{app_id}/users/{}", user.user_id),
        format!("/groups/{GROUP_ID}/apps/{other}/users"),
        format!("/groups/{GROUP_ID}/apps/{APP}/users/{}", user.user_id),
    ] {
        let answer = send(&server, Method::GET, &path, Some(&admin), None).await;
        if answer.status != StatusCode::NOT_FOUND {
            wrong.push(format!("{path}: {}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn the_applications_are_listed_with_the_ids_that_the_other_routes_take() {
    let (server, _) = start_with_user().await;
    let admin = server.admin().await;
    let apps = send(&server, Method::GET, &format!("/groups/{GROUP_ID}/apps"), Some(&admin), None).await;
    apps.expect(StatusCode::OK);
    assert_eq!(apps.body[0]["client_app_id"], APP);
    let id = apps.body[0]["_id"].as_str().unwrap();
    let users = format!("/groups/{GROUP_ID}/apps/{id}/users");
    let users = send(&server, Method::GET, &users, Some(&admin), None).await;
    users.expect(StatusCode::OK);
    assert_eq!(users.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_are_listed_and_fetched_with_their_identities() {
    let (server, user) = start_with_user().await;
    let anonymous = server.new_anonymous().await;
    let list = server.administer(Method::GET, "", None).await;
    list.expect(StatusCode::OK);
    let ids: Vec<&str> =
        list.body.as_array().unwrap().iter().map(|user| user["_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [user.user_id.as_str(), anonymous.user_id.as_str()]);
    let one = server.administer(Method::GET, &format!("/{}", user.user_id), None).await;
    one.expect(StatusCode::OK);
    assert_eq!(one.body, list.body[0]);
    assert_eq!(one.body["data"], json!({"email": "a@example.com"}));
    assert_eq!(one.body["identities"][0]["provider_type"], "local-userpass");
    assert_eq!((&one.body["disabled"], &one.body["type"]), (&json!(false), &json!("normal")));
}

#[tokio::test]
async fn long_lists_come_in_pages_of_fifty() {
    let server = TestServer::start().await;
    for _ in 0..51 {
        server.new_anonymous().await;
    }
    let first = server.administer(Method::GET, "", None).await;
    let first = first.body.as_array().unwrap();
    assert_eq!(first.len(), 50);
    let after = format!("?after={}", first[49]["_id"].as_str().unwrap());
    let second = server.administer(Method::GET, &after, None).await;
    assert_eq!(second.body.as_array().unwrap().len(), 1);
    assert!(!first.contains(&second.body[0]));
}

#[tokio::test]
async fn a_disabled_user_cannot_log_in_until_enabled() {
    let (server, user) = start_with_user().await;
    let put = async |action: &str| {
        server.administer(Method::PUT, &format!("/{}/{action}", user.user_id), None).await
    };
    let body = json!({"username": "a@example.com", "password": crate::support::PASSWORD});
    for _ in 0..2 {
        put("disable").await.expect(StatusCode::NO_CONTENT);
    }
    assert!(!server.is_alive(&user).await);
    let refused = server.log_in("local-userpass", body.clone()).await;
    refused.expect_error(401, "UserDisabled", "user disabled");
    let shown = server.administer(Method::GET, &format!("/{}", user.user_id), None).await;
    assert_eq!(shown.body["disabled"], true);
    for _ in 0..2 {
        put("enable").await.expect(StatusCode::NO_CONTENT);
    }
    assert_eq!(server.log_in("local-userpass", body).await.tokens().user_id, user.user_id);
    assert!(!server.is_alive(&user).await, "enabling revives no session");
}

#[tokio::test]
async fn logging_a_user_out_ends_all_their_sessions_and_nobody_elses() {
    let (server, first) = start_with_user().await;
    let second = server.log_in_by_email("a@example.com").await;
    let other = server.new_user("b@example.com").await;
    let path = format!("/{}/logout", first.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&first).await);
    assert!(!server.is_alive(&second).await);
    assert!(server.is_alive(&other).await);
    assert!(server.is_alive(&server.log_in_by_email("a@example.com").await).await);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_address_is_free() {
    let (server, user) = start_with_user().await;
    let path = format!("/{}", user.user_id);
    server.administer(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&user).await);
    server.administer(Method::GET, &path, None).await.expect_error(404, "UserNotFound", "user not found");
    let anew = server.new_user("a@example.com").await;
    assert_ne!(anew.user_id, user.user_id);
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let (server, _) = start_with_user().await;
    for id in ["000000000000000000000000", "junk"] {
        for (method, action) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::PUT, "/enable"),
            (Method::PUT, "/disable"),
            (Method::PUT, "/logout"),
        ] {
            let answer = server.administer(method, &format!("/{id}{action}"), None).await;
            answer.expect_error(404, "UserNotFound", "user not found");
        }
    }
}

#[tokio::test]
async fn a_user_is_not_reached_through_another_application() {
    let folder = TempDir::new().unwrap();
    let providers = json!({"anon-user": provider("anon-user", json!({})).1});
    let apps = [APP, "another-abcde"].map(|app| app_folder(folder.path(), app, &providers, json!({})));
    let server = TestServer::start_with(|settings| settings.apps = apps.to_vec()).await;
    let user = server.new_anonymous().await;
    let admin = server.admin().await;
    let other = format!("{}/users", app_path(&server, "another-abcde"));
    for (method, action) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::PUT, "/disable"),
        (Method::PUT, "/logout"),
        (Method::PUT, "/enable"),
    ] {
        let path = format!("{other}/{}{action}", user.user_id);
        let answer = send(&server, method, &path, Some(&admin), None).await;
        answer.expect_error(404, "UserNotFound", "user not found");
    }
    assert_eq!(send(&server, Method::GET, &other, Some(&admin), None).await.body, json!([]));
    let body = Some(json!({"token": user.access}));
    let verify = send(&server, Method::POST, &format!("{other}/verify_token"), Some(&admin), body).await;
    verify.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(verify.body["error_code"], "InvalidSession");
    assert!(server.is_alive(&user).await);
}

#[tokio::test]
async fn verifying_a_token_tells_its_claims() {
    let (server, user) = start_with_user().await;
    let answer = verify(&server, &user.access).await;
    answer.expect(StatusCode::OK);
    assert_eq!(answer.body["sub"], user.user_id);
    assert_eq!(answer.body["device_id"], user.device_id);
    let claims = crate::support::claims(&user.access);
    assert_eq!(answer.body["domain_id"], claims["baas_domain_id"]);
    assert_eq!(answer.body["iss"], claims["iss"]);
    let seconds = |name: &str| answer.body[name].as_i64().unwrap();
    assert!(seconds("iat") > 0);
    assert_eq!(seconds("exp") - seconds("iat"), 1800);
}

#[tokio::test]
async fn a_token_that_is_none_does_not_verify() {
    let (server, user) = start_with_user().await;
    let admin = server.admin().await;
    let mut forged = user.access.clone();
    forged.replace_range(forged.len() - 20..forged.len() - 10, "AAAAAAAAAA");
    for token in [forged.as_str(), user.refresh.as_str(), admin.as_str(), "", "a.b.c"] {
        verify(&server, token).await.expect_error(401, "", "signature is invalid");
    }
    let missing = server.administer(Method::POST, "/verify_token", Some(json!({}))).await;
    missing.expect(StatusCode::BAD_REQUEST);
    server.state.clock.advance(Duration::from_mins(30));
    let expired = verify(&server, &user.access).await;
    expired.expect(StatusCode::OK);
    assert_eq!(expired.body, json!("token expired"));
}

/// Protocol §2.7: what somebody who verifies offline would see.
#[tokio::test]
async fn a_token_verifies_until_it_expires_although_its_session_ended() {
    let (server, user) = start_with_user().await;
    for (method, action) in [(Method::PUT, "/logout"), (Method::PUT, "/disable"), (Method::DELETE, "")] {
        let path = format!("/{}{action}", user.user_id);
        server.administer(method, &path, None).await.expect(StatusCode::NO_CONTENT);
        verify(&server, &user.access).await.expect(StatusCode::OK);
        assert!(!server.is_alive(&user).await);
    }
}

#[tokio::test]
async fn a_user_is_found_by_their_address_and_by_no_other() {
    let (server, user) = start_with_user().await;
    server.new_user("b@example.com").await;
    let found = server.administer(Method::GET, "?email=a%40example.com", None).await;
    assert_eq!(found.body.as_array().unwrap().len(), 1, "{found:?}");
    assert_eq!(found.body[0]["_id"], user.user_id);
    let nobody = server.administer(Method::GET, "?email=c%40example.com", None).await;
    assert_eq!(nobody.body, json!([]), "{nobody:?}");
}
