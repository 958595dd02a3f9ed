//! Mails of confirmation and reset, through a real mail server.

use crate::support::api::{APP, Api, PASSWORD};
use crate::support::smtp_server::{Link, MailServer};
use crate::support::{Invocation, Process};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const NEW_PASSWORD: &str = "another battery";
const CONFIRM_PAGE: &str = "https://shop.example/confirm";
const RESET_PAGE: &str = "https://shop.example/reset";

fn write_app(folder: &Path) {
    let providers = json!({"local-userpass": {
        "name": "local-userpass",
        "type": "local-userpass",
        "disabled": false,
        "config": {
            "autoConfirm": false,
            "emailConfirmationUrl": format!("{CONFIRM_PAGE}?lang=en"),
            "confirmEmailSubject": "Welcome to the shop",
            "resetPasswordUrl": RESET_PAGE,
            "resetPasswordSubject": "Your new password — das Passwort",
        },
    }});
    std::fs::create_dir_all(folder.join("app/auth")).unwrap();
    std::fs::write(folder.join("app/root_config.json"), json!({"app_id": APP, "name": "shop"}).to_string())
        .unwrap();
    std::fs::write(folder.join("app/auth/providers.json"), providers.to_string()).unwrap();
}

fn start(folder: &Path, mail: &MailServer) -> Process {
    write_app(folder);
    Invocation::serve(folder)
        .args(["--app", "app", "--log", "trace", "--mail-from", "The Shop <shop@example.com>"])
        .env("KEYSTEAD_SMTP_URL", mail.url())
        .start_ready()
}

fn body(link: &Link, more: &Value) -> Value {
    let mut body = json!({"token": link.token, "tokenId": link.token_id});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn register(api: &Api, email: &str) {
    let answer = api.email("register", json!({"email": email, "password": PASSWORD})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

async fn confirm(api: &Api, link: &Link) -> StatusCode {
    api.email("confirm", body(link, &json!({}))).await.status
}

async fn reset(api: &Api, link: &Link, password: &str) -> StatusCode {
    api.email("reset", body(link, &json!({"password": password}))).await.status
}

#[tokio::test]
async fn a_registration_is_confirmed_by_the_link_of_its_mail() {
    let folder = TempDir::new().unwrap();
    let mut mail = MailServer::new();
    mail.start();
    let server = start(folder.path(), &mail);
    let api = Api::new(&server.url);
    let email = "ada@example.com";
    register(&api, email).await;
    assert_eq!(api.log_in_by_email(email, PASSWORD).await.status, StatusCode::UNAUTHORIZED);

    let first = mail.wait_for(email, 1).remove(0);
    assert_eq!(first.headers["to"], email);
    assert!(first.headers["from"].contains("shop@example.com"), "{first:?}");
    assert_eq!(first.headers["subject"], "Welcome to the shop");
    assert!(first.headers.contains_key("date"), "{first:?}");
    assert_eq!(first.link().page, CONFIRM_PAGE);
    assert!(first.body.contains("lang=en&"), "{first:?}");

    // Another mail may be asked for; and the link of one purpose is worth nothing for the other.
    let again = api.email("confirm/send", json!({"email": email})).await;
    assert!(again.status.is_success(), "{again:?}");
    let second = mail.wait_for(email, 2).remove(1).link();
    assert_ne!(second, first.link());
    assert_eq!(reset(&api, &second, NEW_PASSWORD).await, StatusCode::BAD_REQUEST);

    assert_eq!(confirm(&api, &second).await, StatusCode::NO_CONTENT);
    api.log_in_by_email(email, PASSWORD).await.tokens();
    for used in [&second, &first.link()] {
        assert_eq!(confirm(&api, used).await, StatusCode::BAD_REQUEST, "a link works once");
    }
    assert_eq!(mail.mails(email).len(), 2);
    let ended = server.stop();
    for link in [first.link(), second] {
        assert!(!ended.stderr.contains(&link.token), "a link is in the log");
    }
}

#[tokio::test]
async fn a_password_is_reset_by_the_link_of_a_mail() {
    let folder = TempDir::new().unwrap();
    let mut mail = MailServer::new();
    mail.start();
    let server = start(folder.path(), &mail);
    let api = Api::new(&server.url);
    let email = "ada@example.com";
    register(&api, email).await;
    confirm(&api, &mail.wait_for(email, 1)[0].link()).await;
    let before = api.log_in_by_email(email, PASSWORD).await.tokens();

    let sent = api.email("reset/send", json!({"email": email})).await;
    assert!(sent.status.is_success(), "{sent:?}");
    let arrived = mail.wait_for(email, 2).remove(1);
    let link = arrived.link();
    assert_eq!(link.page, RESET_PAGE);
    assert!(arrived.headers["subject"].contains("=?utf-8?"), "{arrived:?}");
    api.log_in_by_email(email, PASSWORD).await.tokens();

    assert_eq!(confirm(&api, &link).await, StatusCode::BAD_REQUEST);
    let forged = Link { token: "0".repeat(link.token.len()), ..link.clone() };
    assert_eq!(reset(&api, &forged, NEW_PASSWORD).await, StatusCode::BAD_REQUEST);
    assert_eq!(reset(&api, &link, NEW_PASSWORD).await, StatusCode::NO_CONTENT);
    assert_eq!(api.log_in_by_email(email, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let after = api.log_in_by_email(email, NEW_PASSWORD).await.tokens();
    assert_eq!(after.user_id, before.user_id);
    assert_eq!(reset(&api, &link, PASSWORD).await, StatusCode::BAD_REQUEST, "a link works once");

    let unknown = api.email("reset/send", json!({"email": "nobody@example.com"})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(mail.mails("nobody@example.com").len(), 0);
    let ended = server.stop();
    assert!(!ended.stderr.contains(&link.token), "a link is in the log");
}

#[tokio::test]
async fn a_mail_waits_for_the_mail_server() {
    let folder = TempDir::new().unwrap();
    let mut mail = MailServer::new();
    let mut server = start(folder.path(), &mail);
    let api = Api::new(&server.url);
    let email = "ada@example.com";
    register(&api, email).await;
    server.wait_for_log("a mail could not be sent; it will be tried again");
    mail.start();
    let link = mail.wait_for(email, 1).remove(0).link();
    assert_eq!(confirm(&api, &link).await, StatusCode::NO_CONTENT);
    api.log_in_by_email(email, PASSWORD).await.tokens();
    server.stop();
    assert_eq!(mail.mails(email).len(), 1, "it was sent more than once");
}

#[tokio::test]
async fn a_waiting_mail_survives_restarts_of_both_servers() {
    let folder = TempDir::new().unwrap();
    let mut mail = MailServer::new();
    mail.start();
    let mut server = start(folder.path(), &mail);
    let (first, second) = ("ada@example.com", "grace@example.com");
    register(&Api::new(&server.url), first).await;
    mail.wait_for(first, 1);
    mail.stop();
    register(&Api::new(&server.url), second).await;
    server.wait_for_log("a mail could not be sent; it will be tried again");
    // Without notice: the mail is as durable as the account.
    server.kill();

    let server = start(folder.path(), &mail);
    let api = Api::new(&server.url);
    assert_eq!(api.log_in_by_email(second, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    mail.start();
    let link = mail.wait_for(second, 1).remove(0).link();
    assert_eq!(confirm(&api, &link).await, StatusCode::NO_CONTENT);
    api.log_in_by_email(second, PASSWORD).await.tokens();
    server.stop();
    for email in [first, second] {
        assert_eq!(mail.mails(email).len(), 1, "it was sent more than once");
    }
}

#[tokio::test]
async fn an_address_that_no_mail_server_takes_is_not_registered() {
    let folder = TempDir::new().unwrap();
    let mut mail = MailServer::new();
    mail.start();
    let server = start(folder.path(), &mail);
    let api = Api::new(&server.url);
    for email in ["no address", "a@b@c", "a@example.com\r\nBcc: other@example.com", "@example.com"] {
        let answer = api.email("register", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{email}: {answer:?}");
        assert_eq!(
            api.log_in_by_email(email, PASSWORD).await.body["error_code"],
            "InvalidPassword",
            "{email}"
        );
    }
    assert_eq!(mail.mails("other@example.com").len(), 0);
    server.stop();
}
