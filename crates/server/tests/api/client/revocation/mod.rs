//! The revocation contract: once the answer to disable, delete, logout or reset is sent, nothing is
//! served on the strength of the old credential or of any session opened with it.

mod races;

use crate::support::{APP, NO_MAIL_SERVER, PASSWORD, TestServer, Tokens};
use keystead_server::app_config::Source;
use reqwest::{Method, StatusCode};
use serde_json::json;

const ENDED: &str = "invalid session: failed to find refresh token";
const NEW_PASSWORD: &str = "another horse, another battery";

/// That every route refuses both tokens, each with a 401.
async fn assert_dead(server: &TestServer, session: &Tokens) {
    let refreshed = server.call(Method::POST, "/auth/session", Some(&session.refresh), None).await;
    refreshed.expect_error(401, "InvalidSession", ENDED);
    server.delete("/auth/session", &session.refresh).await.expect_error(401, "InvalidSession", ENDED);
    server.get("/auth/api_keys", &session.refresh).await.expect_error(401, "InvalidSession", ENDED);
    let name = json!({"name": "from-the-grave"});
    server.post("/auth/api_keys", &session.refresh, name).await.expect_error(401, "InvalidSession", ENDED);
    for answer in [
        server.get("/auth/profile", &session.access).await,
        server.delete("/auth/delete", &session.access).await,
        server.post(&format!("/app/{APP}/functions/call"), &session.access, call()).await,
        server.link(&session.access, "anon-user", json!({})).await,
    ] {
        answer.expect(StatusCode::UNAUTHORIZED);
    }
}

fn call() -> serde_json::Value {
    json!({"name": "sum", "arguments": []})
}

/// That no route refuses the tokens; what is warmed here is what a cache may keep.
async fn assert_alive(server: &TestServer, session: &Tokens) {
    assert!(server.is_alive(session).await);
    server.get("/auth/api_keys", &session.refresh).await.expect(StatusCode::OK);
    let called = server.post(&format!("/app/{APP}/functions/call"), &session.access, call()).await;
    called.expect_error(404, "FunctionNotFound", "function not found: 'sum'");
}

/// An access token bought by the session, which must die with it like the first.
async fn with_new_access(server: &TestServer, session: &Tokens) -> Tokens {
    let answer = server.call(Method::POST, "/auth/session", Some(&session.refresh), None).await;
    answer.expect(StatusCode::CREATED);
    Tokens { access: answer.body["access_token"].as_str().unwrap().into(), ..session.clone() }
}

#[tokio::test]
async fn disabling_a_key_ends_its_sessions_and_no_others() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let (_, other_key) = server.new_key(&user, "two").await;
    let by_key = [server.log_in_by_key(&key).await.tokens(), server.log_in_by_key(&key).await.tokens()];
    let by_other_key = server.log_in_by_key(&other_key).await.tokens();
    let refreshed = with_new_access(&server, &by_key[0]).await;
    for session in by_key.iter().chain([&by_other_key, &user, &refreshed]) {
        assert_alive(&server, session).await;
    }
    server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    for session in by_key.iter().chain([&refreshed]) {
        assert_dead(&server, session).await;
    }
    server.log_in_by_key(&key).await.expect_error(401, "AuthError", "unauthorized");
    assert_alive(&server, &by_other_key).await;
    assert_alive(&server, &user).await;
}

#[tokio::test]
async fn enabling_a_key_again_revives_none_of_its_sessions() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(server.log_in_by_key(&key).await.tokens());
        assert_alive(&server, &sessions[sessions.len() - 1]).await;
        for action in ["disable", "disable", "enable", "enable"] {
            let path = format!("/auth/api_keys/{id}/{action}");
            server.put(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
        }
        for session in &sessions {
            assert_dead(&server, session).await;
        }
    }
    let fresh = server.log_in_by_key(&key).await.tokens();
    server.put(&format!("/auth/api_keys/{id}/enable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_alive(&server, &fresh).await;
}

#[tokio::test]
async fn a_key_that_disables_itself_is_out() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let disabled = server.put(&format!("/auth/api_keys/{id}/disable"), &by_key.refresh).await;
    disabled.expect(StatusCode::NO_CONTENT);
    assert_dead(&server, &by_key).await;
    assert_alive(&server, &user).await;
}

#[tokio::test]
async fn deleting_a_key_ends_its_sessions_also_when_its_name_is_used_again() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    assert_alive(&server, &by_key).await;
    server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_dead(&server, &by_key).await;
    server.log_in_by_key(&key).await.expect_error(401, "AuthError", "unauthorized");
    server.new_key(&user, "one").await;
    assert_dead(&server, &by_key).await;
    assert_alive(&server, &user).await;
}

#[tokio::test]
async fn logging_out_ends_one_session_with_its_access_tokens() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let again = server.log_in_by_email("a@example.com").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let by_key_again = server.log_in_by_key(&key).await.tokens();
    let refreshed = with_new_access(&server, &by_key).await;
    for session in [&user, &again, &by_key, &by_key_again] {
        assert_alive(&server, session).await;
    }
    for session in [&user, &by_key] {
        server.delete("/auth/session", &session.refresh).await.expect(StatusCode::NO_CONTENT);
    }
    for session in [&user, &by_key, &refreshed] {
        assert_dead(&server, session).await;
    }
    for session in [&again, &by_key_again] {
        assert_alive(&server, session).await;
    }
}

#[tokio::test]
async fn disabling_a_user_ends_everything_and_enabling_revives_no_session() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let bystander = server.new_user("b@example.com").await;
    for session in [&user, &by_key, &bystander] {
        assert_alive(&server, session).await;
    }
    let path = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    for session in [&user, &by_key] {
        assert_dead(&server, session).await;
    }
    server.log_in_by_key(&key).await.expect_error(401, "UserDisabled", "user disabled");
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    server.log_in("local-userpass", credentials).await.expect_error(401, "UserDisabled", "user disabled");
    assert_alive(&server, &bystander).await;

    let path = format!("/{}/enable", user.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    for session in [&user, &by_key] {
        assert_dead(&server, session).await;
    }
    assert_alive(&server, &server.log_in_by_key(&key).await.tokens()).await;
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, user.user_id);
}

#[tokio::test]
async fn an_administrator_who_logs_a_user_out_ends_all_sessions_but_no_credential() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let anonymous = server.new_anonymous().await;
    for session in [&user, &by_key, &anonymous] {
        assert!(server.is_alive(session).await);
    }
    for id in [&user.user_id, &anonymous.user_id] {
        let path = format!("/{id}/logout");
        server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    }
    for session in [&user, &by_key, &anonymous] {
        assert_dead(&server, session).await;
    }
    assert_alive(&server, &server.log_in_by_key(&key).await.tokens()).await;
    assert_alive(&server, &server.log_in_by_email("a@example.com").await).await;
}

#[tokio::test]
async fn deleting_a_user_ends_every_session_and_every_key() {
    let server = TestServer::start().await;
    for by_administrator in [false, true] {
        let user = server.new_user("a@example.com").await;
        let (_, key) = server.new_key(&user, "one").await;
        let by_key = server.log_in_by_key(&key).await.tokens();
        for session in [&user, &by_key] {
            assert_alive(&server, session).await;
        }
        if by_administrator {
            let path = format!("/{}", user.user_id);
            server.administer(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
        } else {
            server.delete("/auth/delete", &by_key.access).await.expect(StatusCode::NO_CONTENT);
        }
        for session in [&user, &by_key] {
            assert_dead(&server, session).await;
        }
        server.log_in_by_key(&key).await.expect_error(401, "AuthError", "unauthorized");
        let credentials = json!({"username": "a@example.com", "password": PASSWORD});
        let refused = server.log_in("local-userpass", credentials).await;
        refused.expect_error(401, "InvalidPassword", "unauthorized");
    }
}

/// Sets a new password with the latest mail.
async fn reset_password(server: &TestServer, password: &str) {
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    let body = json!({"token": token, "tokenId": token_id, "password": password});
    assert!(server.email("reset", body).await.status.is_success());
}

#[tokio::test]
async fn a_password_reset_ends_the_sessions_of_the_old_password() {
    let server =
        TestServer::start_with(|settings| settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into())).await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let other = server.new_user("b@example.com").await;
    let sent = server.email("reset/send", json!({"email": "a@example.com"})).await;
    assert!(sent.status.is_success());
    for session in [&user, &by_key, &other] {
        assert_alive(&server, session).await;
    }
    reset_password(&server, NEW_PASSWORD).await;
    assert_dead(&server, &user).await;
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    let refused = server.log_in("local-userpass", credentials).await;
    refused.expect_error(401, "InvalidPassword", "unauthorized");
    for session in [&by_key, &other] {
        assert_alive(&server, session).await;
    }
    let credentials = json!({"username": "a@example.com", "password": NEW_PASSWORD});
    let renewed = server.log_in("local-userpass", credentials).await.tokens();
    assert_eq!(renewed.user_id, user.user_id);
    assert_alive(&server, &renewed).await;
}

#[tokio::test]
async fn verify_token_alone_still_finds_the_token_of_an_ended_session_genuine() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let path = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    for session in [&user, &by_key] {
        assert_dead(&server, session).await;
        let body = json!({"token": session.access});
        let verified = server.administer(Method::POST, "/verify_token", Some(body)).await;
        verified.expect(StatusCode::OK);
        assert_eq!(verified.body["sub"], json!(user.user_id));
        assert!(verified.body["exp"].as_i64().unwrap() > verified.body["iat"].as_i64().unwrap());
    }
}

#[tokio::test]
async fn taking_a_provider_out_of_the_application_ends_logins_but_not_sessions() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let folder = server.stop().await;
    let only_email = crate::support::provider("local-userpass", json!({"config": {"autoConfirm": true}}));
    let providers = serde_json::Value::Object([only_email].into_iter().collect());
    let source: Source = crate::support::app_folder(folder.path(), APP, &providers, json!({}));
    let server = TestServer::start_in(folder, |settings| settings.apps = vec![source]).await;
    let refused = server.log_in_by_key(&key).await;
    refused.expect(StatusCode::UNAUTHORIZED);
    assert!(refused.body["error"].as_str().unwrap().contains("unauthorized"));
    assert_alive(&server, &by_key).await;
}
