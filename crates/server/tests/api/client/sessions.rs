//! Sessions: refresh, logout, expiry, deletion of the user; protocol §1.6 and §2.5.

use crate::support::{PASSWORD, TestServer, claims};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;

const ENDED: &str = "invalid session: failed to find refresh token";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_refresh_gives_an_access_token_and_nothing_else() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect(StatusCode::CREATED);
    let access = refreshed.body["access_token"].as_str().unwrap();
    assert_eq!(refreshed.body, json!({"access_token": access}));
    assert_eq!(refreshed.headers["cache-control"], "no-store");
    let (old, new) = (claims(&user.access), claims(access));
    for claim in ["iss", "sub", "baas_device_id", "baas_domain_id", "typ"] {
        assert_eq!(old[claim], new[claim]);
    }
    let profile = server.get("/auth/profile", access).await;
    assert_eq!(profile.body["user_id"], json!(user.user_id));
    server.get("/auth/profile", &user.access).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_session_that_is_logged_out_is_not_found_any_more() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let other = server.log_in_by_email("a@example.com").await;
    let out = server.delete("/auth/session", &user.refresh).await;
    out.expect(StatusCode::NO_CONTENT);
    assert!(out.text.is_empty() && !out.headers.contains_key("content-type"));
    server.delete("/auth/session", &user.refresh).await.expect_error(401, "InvalidSession", ENDED);
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect_error(401, "InvalidSession", ENDED);
    assert!(!server.is_alive(&user).await);
    assert!(server.is_alive(&other).await, "only one session ends");
}

#[tokio::test]
async fn a_session_is_neither_renewed_nor_ended_with_an_access_token() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for method in [Method::POST, Method::DELETE] {
        let answer = server.call(method, "/auth/session", Some(&user.access), None).await;
        answer.expect_error(401, "", "invalid refresh token: incorrect token type");
    }
    for (method, path) in [(Method::GET, "/auth/profile"), (Method::DELETE, "/auth/delete")] {
        let answer = server.call(method, path, Some(&user.refresh), None).await;
        answer.expect_error(401, "", "invalid access token: incorrect token type");
    }
    assert!(server.is_alive(&user).await);
}

#[tokio::test]
async fn access_tokens_last_thirty_minutes_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    server.state.clock.advance(29 * MINUTE);
    server.get("/auth/profile", &user.access).await.expect(StatusCode::OK);
    server.state.clock.advance(MINUTE);
    let expired = server.get("/auth/profile", &user.access).await;
    expired.expect_error(401, "InvalidSession", "invalid session: access token expired");
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect(StatusCode::CREATED);
    let access = refreshed.body["access_token"].as_str().unwrap();
    server.get("/auth/profile", access).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn refresh_tokens_last_sixty_days_and_refreshing_does_not_prolong_them() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    server.state.clock.advance(59 * DAY + 1439 * MINUTE);
    for session in [&user, &by_key] {
        let refreshed = server.call(Method::POST, "/auth/session", Some(&session.refresh), None).await;
        refreshed.expect(StatusCode::CREATED);
    }
    server.state.clock.advance(MINUTE);
    for session in [&user, &by_key] {
        for method in [Method::POST, Method::DELETE] {
            let answer = server.call(method, "/auth/session", Some(&session.refresh), None).await;
            answer.expect(StatusCode::UNAUTHORIZED);
            assert_eq!(answer.body["error_code"], json!("InvalidSession"));
        }
        let keys = server.get("/auth/api_keys", &session.refresh).await;
        keys.expect(StatusCode::UNAUTHORIZED);
    }
    assert!(server.is_alive(&server.log_in_by_key(&key).await.tokens()).await, "keys never expire");
}

#[tokio::test]
async fn the_life_of_refresh_tokens_is_a_setting_that_anonymous_users_do_not_feel() {
    let server = TestServer::start_with(|settings| settings.refresh_token_lifetime = 30 * MINUTE).await;
    let user = server.new_user("a@example.com").await;
    let anonymous = server.new_anonymous().await;
    let life = |token: &str| claims(token)["exp"].as_i64().unwrap() - claims(token)["iat"].as_i64().unwrap();
    assert_eq!(life(&user.refresh), 1800);
    assert_eq!(life(&anonymous.refresh), 1_576_800_000);
    server.state.clock.advance(30 * MINUTE);
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect(StatusCode::UNAUTHORIZED);
    server.state.clock.advance(49 * 365 * DAY);
    let refreshed = server.call(Method::POST, "/auth/session", Some(&anonymous.refresh), None).await;
    refreshed.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_logged_out_session_stays_out_after_what_expired_is_swept() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    server.delete("/auth/session", &user.refresh).await.expect(StatusCode::NO_CONTENT);
    server.state.clock.advance(59 * DAY + 1439 * MINUTE);
    keystead_server::sweep_once(&server.state).await.unwrap();
    let refreshed = server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect_error(401, "InvalidSession", ENDED);
}

#[tokio::test]
async fn a_deleted_user_leaves_the_email_address_free_and_no_token_valid() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    server.register("a@example.com").await.expect_error(409, "AccountNameInUse", "name already in use");
    let deleted = server.delete("/auth/delete", &user.access).await;
    assert!(deleted.status.is_success());
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    let refused = server.log_in("local-userpass", credentials).await;
    refused.expect_error(401, "InvalidPassword", "unauthorized");
    let anew = server.new_user("a@example.com").await;
    assert_ne!(anew.user_id, user.user_id);
    assert_eq!(server.get("/auth/api_keys", &anew.refresh).await.body, json!([]));
    server.get("/auth/profile", &user.access).await.expect(StatusCode::UNAUTHORIZED);
    server.delete("/auth/delete", &user.access).await.expect(StatusCode::UNAUTHORIZED);
    assert!(!server.is_alive(&user).await);
    assert!(server.is_alive(&anew).await);
}

#[tokio::test]
async fn the_bearer_scheme_may_be_written_in_any_case() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = server.request(Method::GET, &server.client_url("/auth/profile"));
        let request = request.header("authorization", format!("{scheme} {}", user.access));
        crate::support::Answer::of(request).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a_shorter_life_of_sessions_applies_to_those_that_are_open() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let folder = server.stop().await;
    let lifetime = std::time::Duration::from_hours(1);
    let server = TestServer::start_in(folder, |settings| settings.refresh_token_lifetime = lifetime).await;
    assert!(server.is_alive(&user).await);
    server.state.clock.advance(std::time::Duration::from_mins(61));
    let refreshed = server.call(reqwest::Method::POST, "/auth/session", Some(&user.refresh), None).await;
    refreshed.expect_error(401, "InvalidSession", "invalid session: refresh token expired");
}
