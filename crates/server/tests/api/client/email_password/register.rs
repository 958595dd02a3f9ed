//! Registering.

use super::{by_mail, start};
use crate::support::{Answer, PASSWORD, TestServer, app_folder, provider};
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

async fn register_with(server: &TestServer, email: &str, password: &str) -> Answer {
    server.email("register", json!({"email": email, "password": password})).await
}

async fn log_in_with(server: &TestServer, email: &str, password: &str) -> Answer {
    server.log_in("local-userpass", json!({"username": email, "password": password})).await
}

#[tokio::test]
async fn with_auto_confirm_a_registered_user_logs_in_at_once() {
    let server = TestServer::start().await;
    let registered = server.register("a@example.com").await;
    registered.expect(StatusCode::CREATED);
    assert_eq!(registered.text, "");
    let user = server.log_in_by_email("a@example.com").await;
    let profile = server.get("/auth/profile", &user.access).await;
    assert_eq!(profile.body["data"], json!({"email": "a@example.com"}));
}

#[tokio::test]
async fn with_auto_confirm_a_name_need_not_be_an_email_address() {
    let server = TestServer::start().await;
    for name in ["my.name@gmail", "my-very-own-username", "ünïcode", "with space", "'; drop table users; --"]
    {
        server.register(name).await.expect(StatusCode::CREATED);
        server.log_in_by_email(name).await;
    }
}

#[tokio::test]
async fn a_name_that_is_empty_too_long_or_has_control_characters_is_refused() {
    let server = TestServer::start().await;
    for name in ["", "a\u{0}b@example.com", "a\r\nBcc: b@example.com", &"a".repeat(129)] {
        server.register(name).await.expect_error(400, "BadRequest", "email invalid");
    }
    server.register(&"ä".repeat(128)).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_password_has_6_to_128_characters_whatever_their_bytes() {
    let server = TestServer::start().await;
    for (index, length) in [0, 5, 129, 1000].into_iter().enumerate() {
        let email = format!("bad{index}@example.com");
        let answer = register_with(&server, &email, &"ü".repeat(length)).await;
        answer.expect_error(400, "BadRequest", "password must be between 6 and 128 characters");
        let login = log_in_with(&server, &email, &"ü".repeat(length)).await;
        login.expect_error(401, "InvalidPassword", "unauthorized");
    }
    for length in [6, 128] {
        let (email, password) = (format!("good{length}@example.com"), "😀".repeat(length));
        register_with(&server, &email, &password).await.expect(StatusCode::CREATED);
        log_in_with(&server, &email, &password).await.tokens();
    }
}

#[tokio::test]
async fn names_that_differ_in_case_are_different_users() {
    let server = TestServer::start().await;
    let lower = server.new_user("a@example.com").await;
    log_in_with(&server, "A@example.com", PASSWORD).await.expect_error(
        401,
        "InvalidPassword",
        "unauthorized",
    );
    let upper = server.new_user("A@example.com").await;
    assert_ne!(lower.user_id, upper.user_id);
}

#[tokio::test]
async fn a_name_is_taken_from_its_registration_on() {
    let server = TestServer::start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let again = register_with(&server, "a@example.com", "another password").await;
    again.expect_error(409, "AccountNameInUse", "name already in use");
    server.log_in_by_email("a@example.com").await;
    server.register("a@example.com").await.expect_error(409, "AccountNameInUse", "name already in use");
}

#[tokio::test]
async fn a_name_is_taken_also_while_its_confirmation_is_pending() {
    let (server, _mails) = start(by_mail()).await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    server.register("a@example.com").await.expect_error(409, "AccountNameInUse", "name already in use");
}

#[tokio::test]
async fn of_two_registrations_of_a_name_at_once_one_wins() {
    let server = TestServer::start().await;
    let passwords: Vec<String> = (0..6).map(|index| format!("password number {index}")).collect();
    let attempts = passwords.iter().map(|password| register_with(&server, "a@example.com", password));
    let answers = join_all(attempts).await;
    let winners: Vec<usize> =
        (0..answers.len()).filter(|&index| answers[index].status == StatusCode::CREATED).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    for (index, answer) in answers.iter().enumerate() {
        let login = log_in_with(&server, "a@example.com", &passwords[index]).await;
        if winners.contains(&index) {
            login.tokens();
        } else {
            answer.expect_error(409, "AccountNameInUse", "name already in use");
            login.expect_error(401, "InvalidPassword", "unauthorized");
        }
    }
}

#[tokio::test]
async fn with_confirmation_by_mail_a_name_that_is_no_address_leaves_nothing_behind() {
    let (server, _mails) = start(by_mail()).await;
    for _ in 0..2 {
        server.register("no-address").await.expect_error(400, "BadRequest", "email invalid");
    }
}

#[tokio::test]
async fn nobody_registers_for_confirmation_by_mail_where_no_mail_can_be_sent() {
    let folder = tempfile::TempDir::new().unwrap();
    let providers = json!({"local-userpass": provider("local-userpass", json!({"config": by_mail()})).1});
    let app = app_folder(folder.path(), crate::support::APP, &providers, json!({}));
    let server = TestServer::start_with(|settings| {
        settings.apps = vec![app];
        settings.public_url = Some("https://auth.example.com".parse().unwrap());
    })
    .await;
    server.register("a@example.com").await.expect_error(400, "", "error processing request");
}

#[tokio::test]
async fn nothing_can_be_registered_while_the_provider_is_disabled() {
    let folder = tempfile::TempDir::new().unwrap();
    let disabled = provider("local-userpass", json!({"config": {"autoConfirm": true}, "disabled": true})).1;
    let app = app_folder(folder.path(), crate::support::APP, &json!({"local-userpass": disabled}), json!({}));
    let server = TestServer::start_with(|settings| settings.apps = vec![app]).await;
    for answer in [
        server.register("a@example.com").await,
        log_in_with(&server, "a@example.com", PASSWORD).await,
        server.email("reset/send", json!({"email": "a@example.com"})).await,
    ] {
        answer.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(answer.body["error_code"], "AuthProviderNotFound");
        assert!(answer.body["error"].as_str().unwrap().contains("unauthorized"));
    }
}
