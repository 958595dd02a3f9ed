//! Registrations that wait for their confirmation, protocol §7.5.

use super::{AdministeredApp, Administrator};
use crate::support::{APP, Answer, NO_MAIL_SERVER, PASSWORD, TestServer, app_folder, provider};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const EMAIL: &str = "pending+a/b@example.com";

/// The bundled application's ids, confirming by mail.
async fn start() -> TestServer {
    start_with(NO_MAIL_SERVER).await
}

async fn start_with(smtp_url: &str) -> TestServer {
    let folder = TempDir::new().unwrap();
    let config = json!({"emailConfirmationUrl": "https://example.com/c", "confirmEmailSubject": "Confirm"});
    let providers = json!({
        "anon-user": provider("anon-user", json!({})).1,
        "local-userpass": provider("local-userpass", json!({"config": config})).1,
    });
    let app = app_folder(folder.path(), APP, &providers, json!({}));
    let smtp_url = smtp_url.to_owned();
    TestServer::start_with(|settings| {
        settings.apps = vec![app];
        settings.smtp_url = Some(smtp_url.into());
    })
    .await
}

fn path(email: &str, action: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!("/user_registrations/by_email/{encoded}{action}")
}

async fn post(app: &AdministeredApp<'_>, email: &str, action: &str) -> Answer {
    app.send(Method::POST, &path(email, action), None).await
}

async fn log_in(server: &TestServer, email: &str) -> Answer {
    server.log_in("local-userpass", json!({"username": email, "password": PASSWORD})).await
}

#[tokio::test]
async fn registrations_that_wait_are_listed_fifty_a_page() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let emails: Vec<_> = (0..53).map(|number| format!("{number}@example.com")).collect();
    for email in &emails {
        server.register(email).await.expect(StatusCode::CREATED);
    }
    post(&app, &emails[7], "/confirm").await.expect(StatusCode::NO_CONTENT);
    let first = app.get("/user_registrations/pending_users").await.body;
    let first = first.as_array().unwrap();
    assert_eq!(first.len(), 50);
    let members: Vec<_> = first[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["_id", "domain_id", "login_ids", "user_id"]);
    assert_eq!(first[0]["user_id"], "");
    let last = first[49]["_id"].as_str().unwrap();
    let rest = app.get(&format!("/user_registrations/pending_users?after={last}")).await.body;
    let shown = |user: &Value| user["login_ids"][0]["id"].as_str().unwrap().to_owned();
    let listed: Vec<_> = first.iter().chain(rest.as_array().unwrap()).map(shown).collect();
    let waiting: Vec<_> = emails.iter().filter(|email| **email != emails[7]).cloned().collect();
    assert_eq!(listed, waiting);
    assert_eq!(first[0]["login_ids"], json!([{"id_type": "email", "id": waiting[0]}]));
    let other = admin.create_app("other").await;
    assert_eq!(other.get("/user_registrations/pending_users").await.body, json!([]));
}

#[tokio::test]
async fn a_registration_is_confirmed() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    log_in(&server, EMAIL).await.expect_error(401, "AuthError", "unauthorized");
    let listed = app.get("/user_registrations/pending_users").await.body;
    post(&app, EMAIL, "/confirm").await.expect(StatusCode::NO_CONTENT);
    log_in(&server, EMAIL).await.expect(StatusCode::OK);
    assert_eq!(app.get("/user_registrations/pending_users").await.body, json!([]));
    server.assert_remembered("email_account.confirmed", None, listed[0]["_id"].as_str());
}

#[tokio::test]
async fn a_registration_is_deleted_with_its_link() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let (token, token_id) = server.waiting_mail_tokens().await.remove(0);
    let deleted = app.send(Method::DELETE, &path(EMAIL, ""), None).await;
    deleted.expect(StatusCode::NO_CONTENT);
    log_in(&server, EMAIL).await.expect_error(401, "InvalidPassword", "unauthorized");
    server.assert_remembered("email_account.deleted", None, None);
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let body = json!({"token": token, "tokenId": token_id});
    server.email("confirm", body).await.expect_error(400, "BadRequest", "invalid token data");
}

#[tokio::test]
async fn a_confirmation_is_sent_again_and_told() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let sent = post(&app, EMAIL, "/send_confirm").await;
    sent.expect(StatusCode::OK);
    assert_eq!(sent.body.as_object().unwrap().len(), 2);
    let mailed = server.waiting_mail_tokens().await;
    let told = |member: &str| sent.body[member].as_str().unwrap().to_owned();
    assert_eq!(mailed[1], (told("token"), told("token_id")));
    let first = json!({"token": mailed[0].0, "tokenId": mailed[0].1});
    server.email("confirm", first).await.expect_error(400, "BadRequest", "invalid token data");
    server.assert_remembered("email_account.confirmation_sent", None, None);
    let body = json!({"token": told("token"), "tokenId": told("token_id")});
    server.email("confirm", body).await.expect(StatusCode::NO_CONTENT);
    log_in(&server, EMAIL).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_confirmation_function_is_run_again() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("by-function").await;
    let source = "exports = ({ username }) => ({ status: context.values.get('verdict') });";
    app.create("/functions", json!({"name": "confirmFunc", "private": true, "source": source})).await;
    let verdict = app.create_id("/values", json!({"name": "verdict", "value": "pending"})).await;
    let decide = async |status: &str| {
        let body = json!({"name": "verdict", "value": status});
        app.change(Method::PUT, &format!("/values/{verdict}"), body).await;
    };
    let config = json!({"runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc"});
    app.create("/auth_providers", json!({"type": "local-userpass", "config": config})).await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    app.client("/auth/providers/local-userpass/register", body).await.expect(StatusCode::CREATED);
    let log_in = async || {
        let body = json!({"username": EMAIL, "password": PASSWORD});
        app.client("/auth/providers/local-userpass/login", body).await
    };
    post(&app, EMAIL, "/run_confirm").await.expect(StatusCode::ACCEPTED);
    log_in().await.expect_error(401, "AuthError", "unauthorized");
    server.assert_remembered("email_account.confirmation_sent", None, None);
    decide("fail").await;
    let sentence = format!("failed to confirm user \"{EMAIL}\"");
    post(&app, EMAIL, "/run_confirm").await.expect_error(400, "BadRequest", &sentence);
    decide("success").await;
    let told = post(&app, EMAIL, "/send_confirm").await;
    told.expect(StatusCode::OK);
    post(&app, EMAIL, "/run_confirm").await.expect(StatusCode::ACCEPTED);
    log_in().await.expect(StatusCode::OK);
    server.assert_remembered("email_account.confirmed", None, None);
    post(&app, EMAIL, "/run_confirm").await.expect_error(400, "UserAlreadyConfirmed", "already confirmed");
    post(&app, "x@example.com", "/run_confirm").await.expect_error(404, "UserNotFound", "user not found");
}

#[tokio::test]
async fn without_a_confirmation_function_none_is_run() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let by_mail = post(&admin.quickstart(), EMAIL, "/run_confirm").await;
    let cannot = format!("cannot run confirmation for {EMAIL}");
    by_mail.expect_error(400, "", &format!("{cannot}: no confirmation function is configured"));
    let app = admin.create_app("automatic").await;
    let off = post(&app, EMAIL, "/run_confirm").await;
    off.expect(StatusCode::FORBIDDEN);
    app.create("/auth_providers", json!({"type": "local-userpass", "config": {"autoConfirm": true}})).await;
    let automatic = post(&app, EMAIL, "/run_confirm").await;
    automatic.expect_error(400, "", &format!("{cannot}: automatic confirmation is enabled"));
}

#[tokio::test]
async fn only_what_waits_in_this_application_is_decided() {
    let server = start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    for email in ["confirmed@example.com", "waiting@example.com"] {
        server.register(email).await.expect(StatusCode::CREATED);
    }
    post(&app, "confirmed@example.com", "/confirm").await.expect(StatusCode::NO_CONTENT);
    let other = admin.create_app("other").await;
    for (method, action) in
        [(Method::DELETE, ""), (Method::POST, "/send_confirm"), (Method::POST, "/confirm")]
    {
        let send = async |app: &AdministeredApp<'_>, email: &str| {
            app.send(method.clone(), &path(email, action), None).await
        };
        let confirmed = send(&app, "confirmed@example.com").await;
        confirmed.expect_error(400, "UserAlreadyConfirmed", "already confirmed");
        send(&app, "unknown@example.com").await.expect_error(404, "UserNotFound", "user not found");
        send(&other, "waiting@example.com").await.expect_error(404, "UserNotFound", "user not found");
    }
    log_in(&server, "confirmed@example.com").await.expect(StatusCode::OK);
    log_in(&server, "waiting@example.com").await.expect_error(401, "AuthError", "unauthorized");
}
