//! Resetting a password.

use super::{LINK_LIFETIME, RESET_URL, by_mail, start, with_password};
use crate::support::smtp::MailServer;
use crate::support::{Answer, PASSWORD, TestServer};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;

const EMAIL: &str = "a@example.com";
const NEW_PASSWORD: &str = "another password";

/// The quickstart, which confirms at once and resets by mail, with one user.
async fn start_with_user() -> (TestServer, MailServer) {
    let mails = MailServer::start().await;
    let server = TestServer::start_with(|settings| settings.smtp_url = Some(mails.url.clone().into())).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    (server, mails)
}

async fn send(server: &TestServer) -> Answer {
    server.email("reset/send", json!({"email": EMAIL})).await
}

async fn log_in_with(server: &TestServer, password: &str) -> Answer {
    server.log_in("local-userpass", json!({"username": EMAIL, "password": password})).await
}

#[tokio::test]
async fn a_reset_link_changes_the_password_once() {
    let (server, mut mails) = start_with_user().await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let pair = mails.next().await.token_pair();
    log_in_with(&server, PASSWORD).await.tokens();
    let reset = server.email("reset", with_password(pair.clone(), NEW_PASSWORD)).await;
    reset.expect(StatusCode::NO_CONTENT);
    log_in_with(&server, PASSWORD).await.expect_error(401, "InvalidPassword", "unauthorized");
    log_in_with(&server, NEW_PASSWORD).await.tokens();
    let again = server.email("reset", with_password(pair, "a third password")).await;
    again.expect_error(400, "BadRequest", "invalid token data");
    log_in_with(&server, NEW_PASSWORD).await.tokens();
}

#[tokio::test]
async fn the_mail_links_to_the_configured_page() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    server.email("confirm", mails.next().await.token_pair()).await.expect(StatusCode::NO_CONTENT);
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let mail = mails.next().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (EMAIL, "Forgotten"));
    let pair = mail.token_pair();
    let (token, id) = (pair["token"].as_str().unwrap(), pair["tokenId"].as_str().unwrap());
    assert_eq!(mail.link().as_str(), format!("{RESET_URL}&token={token}&tokenId={id}"));
}

#[tokio::test]
async fn a_reset_ends_the_sessions_of_the_old_password() {
    let (server, mut mails) = start_with_user().await;
    let user = server.log_in_by_email(EMAIL).await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let pair = mails.next().await.token_pair();
    assert!(server.is_alive(&user).await);
    server.email("reset", with_password(pair, NEW_PASSWORD)).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&user).await);
    let anew = log_in_with(&server, NEW_PASSWORD).await.tokens();
    assert_eq!(anew.user_id, user.user_id);
    assert!(server.is_alive(&anew).await);
}

#[tokio::test]
async fn a_password_that_is_refused_does_not_use_the_link_up() {
    let (server, mut mails) = start_with_user().await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let pair = mails.next().await.token_pair();
    for password in ["short", &"l".repeat(129)] {
        let answer = server.email("reset", with_password(pair.clone(), password)).await;
        answer.expect_error(400, "BadRequest", "password must be between 6 and 128 characters");
    }
    server.email("reset", with_password(pair, NEW_PASSWORD)).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_link_works_for_thirty_minutes() {
    let (server, mut mails) = start_with_user().await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let pair = mails.next().await.token_pair();
    server.state.clock.advance(LINK_LIFETIME + Duration::from_secs(1));
    let late = server.email("reset", with_password(pair, NEW_PASSWORD)).await;
    late.expect_error(400, "BadRequest", "invalid token data");
    log_in_with(&server, PASSWORD).await.tokens();
}

#[tokio::test]
async fn a_new_mail_makes_the_old_link_useless() {
    let (server, mut mails) = start_with_user().await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let old = mails.next().await.token_pair();
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let new = mails.next().await.token_pair();
    let refused = server.email("reset", with_password(old, NEW_PASSWORD)).await;
    refused.expect_error(400, "BadRequest", "invalid token data");
    server.email("reset", with_password(new, NEW_PASSWORD)).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_link_does_not_outlive_its_user() {
    let (server, mut mails) = start_with_user().await;
    let user = server.log_in_by_email(EMAIL).await;
    send(&server).await.expect(StatusCode::NO_CONTENT);
    let pair = mails.next().await.token_pair();
    server.delete("/auth/delete", &user.access).await.expect(StatusCode::NO_CONTENT);
    // Whoever registers the address next must not be at the mercy of a mail to the one before.
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let refused = server.email("reset", with_password(pair, NEW_PASSWORD)).await;
    refused.expect_error(400, "BadRequest", "invalid token data");
    log_in_with(&server, PASSWORD).await.tokens();
}

#[tokio::test]
async fn no_mail_is_sent_to_strangers() {
    let (server, _mails) = start_with_user().await;
    let unknown = server.email("reset/send", json!({"email": "unknown@example.com"})).await;
    unknown.expect_error(404, "UserNotFound", "user not found");
}

#[tokio::test]
async fn without_a_reset_page_no_mail_can_be_asked_for() {
    let (server, _mails) = start(json!({"autoConfirm": true})).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    send(&server).await.expect_error(400, "", "error processing request");
}

#[tokio::test]
async fn with_a_reset_function_there_are_no_mails() {
    let config = json!({
        "autoConfirm": true,
        "runResetFunction": true,
        "resetFunctionName": "resetFunc",
        "resetPasswordUrl": RESET_URL,
    });
    let (server, _mails) = start(config).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    send(&server).await.expect_error(400, "BadRequest", "please use reset password via function");
    let call = async |email: &str, password: &str| {
        let arguments = json!([{"$numberInt": "1"}, {"nested": [null]}]);
        let body = json!({"email": email, "password": password, "arguments": arguments});
        server.email("reset/call", body).await
    };
    call("unknown@example.com", NEW_PASSWORD).await.expect_error(404, "UserNotFound", "user not found");
    let short = call(EMAIL, "short").await;
    short.expect_error(400, "BadRequest", "password must be between 6 and 128 characters");
    log_in_with(&server, PASSWORD).await.tokens();
}

#[tokio::test]
async fn without_a_reset_function_none_can_be_called() {
    let (server, _mails) = start_with_user().await;
    let body = json!({"email": EMAIL, "password": NEW_PASSWORD, "arguments": []});
    server.email("reset/call", body).await.expect(StatusCode::BAD_REQUEST);
    log_in_with(&server, PASSWORD).await.tokens();
}
