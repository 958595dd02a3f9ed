//! Confirming an address.

use super::{CONFIRM_URL, LINK_LIFETIME, by_mail, start, start_in, with_password};
use crate::support::smtp::MailServer;
use crate::support::{APP, Answer, PASSWORD, TestServer, app_folder, provider};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const EMAIL: &str = "a@example.com";

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn log_in(server: &TestServer) -> Answer {
    server.log_in("local-userpass", json!({"username": EMAIL, "password": PASSWORD})).await
}

#[track_caller]
fn assert_token_refused(answer: &Answer) {
    answer.expect_error(400, "BadRequest", "invalid token data");
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_the_address_once() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    log_in(&server).await.expect_error(401, "AuthError", "unauthorized");
    let mail = mails.next().await;
    server.email("confirm", mail.token_pair()).await.expect(StatusCode::NO_CONTENT);
    log_in(&server).await.tokens();
    assert_token_refused(&server.email("confirm", mail.token_pair()).await);
}

#[tokio::test]
async fn the_mail_goes_to_the_address_and_links_to_the_configured_page() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let mail = mails.next().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (EMAIL, "Welcome"));
    let (page, query) =
        mail.link().as_str().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(page, CONFIRM_URL);
    let pair = mail.token_pair();
    let (token, id) = (pair["token"].as_str().unwrap(), pair["tokenId"].as_str().unwrap());
    assert_eq!(query, format!("token={token}&tokenId={id}"));
    assert!(token.len() == 128 && is_hex(token), "{token}");
    assert!(id.len() == 24 && is_hex(id), "{id}");
}

#[tokio::test]
async fn the_pair_is_appended_to_the_query_that_the_page_has() {
    let mut config = by_mail();
    config["emailConfirmationUrl"] = "https://www.example.com/confirm?lang=de&x=a%20b".into();
    let (server, mut mails) = start(config).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let mail = mails.next().await;
    let link = mail.link();
    assert!(link.as_str().starts_with("https://www.example.com/confirm?lang=de&x=a%20b&token="), "{link}");
    server.email("confirm", mail.token_pair()).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_wrong_password_of_a_pending_account_does_not_tell_that_it_is_pending() {
    let (server, _mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let wrong = server.log_in("local-userpass", json!({"username": EMAIL, "password": "not this one"})).await;
    wrong.expect_error(401, "InvalidPassword", "unauthorized");
}

#[tokio::test]
async fn a_pair_that_was_not_mailed_confirms_nothing() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let good = mails.next().await.token_pair();
    let (token, id) = (good["token"].as_str().unwrap(), good["tokenId"].as_str().unwrap());
    for (token, id) in [
        ("roflcopter", "roflcopter"),
        ("", ""),
        (token, "000000000000000000000000"),
        (token, ""),
        ("", id),
        (id, token),
        (&token[1..], id),
        (&"0".repeat(128), id),
    ] {
        assert_token_refused(&server.email("confirm", json!({"token": token, "tokenId": id})).await);
    }
    server.email("confirm", good).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_link_works_for_thirty_minutes() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let first = mails.next().await;
    server.state.clock.advance(LINK_LIFETIME + Duration::from_secs(1));
    assert_token_refused(&server.email("confirm", first.token_pair()).await);
    log_in(&server).await.expect_error(401, "AuthError", "unauthorized");

    server.email("confirm/send", json!({"email": EMAIL})).await.expect(StatusCode::NO_CONTENT);
    let second = mails.next().await;
    server.state.clock.advance(Duration::from_mins(29));
    server.email("confirm", second.token_pair()).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_new_mail_makes_the_old_link_useless() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let old = mails.next().await;
    server.email("confirm/send", json!({"email": EMAIL})).await.expect(StatusCode::NO_CONTENT);
    let new = mails.next().await;
    assert_ne!(old.token_pair(), new.token_pair());
    assert_token_refused(&server.email("confirm", old.token_pair()).await);
    server.email("confirm", new.token_pair()).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn no_mail_is_sent_again_to_strangers_and_to_confirmed_addresses() {
    let (server, mut mails) = start(by_mail()).await;
    let unknown = server.email("confirm/send", json!({"email": EMAIL})).await;
    unknown.expect_error(404, "UserNotFound", "user not found");
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    server.email("confirm", mails.next().await.token_pair()).await.expect(StatusCode::NO_CONTENT);
    let confirmed = server.email("confirm/send", json!({"email": EMAIL})).await;
    confirmed.expect_error(400, "UserAlreadyConfirmed", "already confirmed");
}

#[tokio::test]
async fn with_auto_confirm_there_is_nothing_to_confirm() {
    let server = TestServer::start().await;
    let sentence = "cannot run confirmation for a@example.com: automatic confirmation is enabled";
    server.email("confirm/call", json!({"email": EMAIL})).await.expect_error(400, "", sentence);
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    server.email("confirm/call", json!({"email": EMAIL})).await.expect_error(400, "", sentence);
    let send = server.email("confirm/send", json!({"email": EMAIL})).await;
    send.expect_error(400, "UserAlreadyConfirmed", "already confirmed");
    let pair = json!({"token": "roflcopter", "tokenId": "roflcopter"});
    assert_token_refused(&server.email("confirm", pair).await);
}

#[tokio::test]
async fn a_confirmation_function_is_asked_only_for_those_who_wait() {
    let mut mails = MailServer::start().await;
    let folder = Arc::new(TempDir::new().unwrap());
    let server = start_in(&folder, by_mail(), &mails).await;
    for email in ["pending@example.com", "confirmed@example.com"] {
        server.register(email).await.expect(StatusCode::CREATED);
        let mail = mails.next().await;
        if email.starts_with("confirmed") {
            server.email("confirm", mail.token_pair()).await.expect(StatusCode::NO_CONTENT);
        }
    }
    server.stop().await;

    let config = json!({"runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc"});
    let server = start_in(&folder, config, &mails).await;
    let call = async |email: &str| server.email("confirm/call", json!({"email": email})).await;
    call("unknown@example.com").await.expect_error(404, "UserNotFound", "user not found");
    call("confirmed@example.com").await.expect_error(400, "UserAlreadyConfirmed", "already confirmed");
    let send = server.email("confirm/send", json!({"email": "pending@example.com"})).await;
    send.expect_error(400, "BadRequest", "please use resend confirmation via function");
}

#[tokio::test]
async fn a_link_to_confirm_does_not_reset_and_a_link_to_reset_does_not_confirm() {
    let (server, mut mails) = start(by_mail()).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let confirm = mails.next().await;
    server.email("reset/send", json!({"email": EMAIL})).await.expect(StatusCode::NO_CONTENT);
    let reset = mails.next().await;
    let answer = server.email("reset", with_password(confirm.token_pair(), "new password")).await;
    assert_token_refused(&answer);
    assert_token_refused(&server.email("confirm", reset.token_pair()).await);
    // Neither mistake used its link up.
    server.email("confirm", confirm.token_pair()).await.expect(StatusCode::NO_CONTENT);
    let answer = server.email("reset", with_password(reset.token_pair(), "new password")).await;
    answer.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_link_of_another_application_confirms_nothing() {
    let mut mails = MailServer::start().await;
    let folder = TempDir::new().unwrap();
    let providers = json!({"local-userpass": provider("local-userpass", json!({"config": by_mail()})).1});
    let apps = [APP, "another-abcde"].map(|app| app_folder(folder.path(), app, &providers, json!({})));
    let server = TestServer::start_with(|settings| {
        settings.apps = apps.to_vec();
        settings.smtp_url = Some(mails.url.clone().into());
    })
    .await;
    let at_other = async |action: &str, body: Value| {
        let path = format!("/app/another-abcde/auth/providers/local-userpass/{action}");
        server.call(Method::POST, &path, None, Some(body)).await
    };
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let pair = mails.next().await.token_pair();
    let registration = json!({"email": EMAIL, "password": PASSWORD});
    at_other("register", registration).await.expect(StatusCode::CREATED);
    assert_token_refused(&at_other("confirm", pair.clone()).await);
    server.email("confirm", pair).await.expect(StatusCode::NO_CONTENT);
}
