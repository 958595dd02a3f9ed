//! Users with an email address that administrators make and change, protocol §7.4.

use super::{AdministeredApp, Administrator};
use crate::support::{APP, Answer, NO_MAIL_SERVER, PASSWORD, TestServer, app_folder, provider};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const EMAIL: &str = "a@example.com";
const NOBODY: &str = "000000000000000000000000";

/// The bundled application's ids, with this configuration of `local-userpass`.
async fn start(config: Value) -> TestServer {
    let folder = TempDir::new().unwrap();
    let providers = json!({
        "anon-user": provider("anon-user", json!({})).1,
        "local-userpass": provider("local-userpass", json!({"config": config})).1,
    });
    let app = app_folder(folder.path(), APP, &providers, json!({}));
    TestServer::start_with(|settings| {
        settings.apps = vec![app];
        settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
    })
    .await
}

async fn create(app: &AdministeredApp<'_>, email: &str) -> Answer {
    app.send(Method::POST, "/users", Some(json!({"email": email, "password": PASSWORD}))).await
}

async fn reset_email(app: &AdministeredApp<'_>, user_id: &str, body: Value) -> Answer {
    app.send(Method::PATCH, &format!("/users/{user_id}/reset_email"), Some(body)).await
}

async fn log_in(server: &TestServer, email: &str) -> Answer {
    server.log_in("local-userpass", json!({"username": email, "password": PASSWORD})).await
}

#[tokio::test]
async fn a_user_who_is_made_can_log_in_at_once_however_addresses_are_confirmed() {
    for config in [
        json!({"autoConfirm": true}),
        json!({"emailConfirmationUrl": "https://example.com/confirm", "confirmEmailSubject": "Confirm"}),
        json!({"runConfirmationFunction": true, "confirmationFunctionName": "confirmFunc"}),
    ] {
        let server = start(config).await;
        let admin = Administrator::log_in(&server).await;
        let app = admin.quickstart();
        let made = create(&app, EMAIL).await;
        made.expect(StatusCode::CREATED);
        let user = &made.body;
        let id = user["_id"].as_str().unwrap();
        assert_eq!((&user["type"], &user["disabled"]), (&json!("normal"), &json!(false)));
        assert_eq!(user["data"], json!({"email": EMAIL}));
        assert_eq!(user["identities"].as_array().unwrap().len(), 1);
        assert_eq!(user["identities"][0]["provider_type"], "local-userpass");
        assert!(user["creation_date"].is_i64() && user["last_authentication_date"].is_i64());
        assert_eq!(&app.get(&format!("/users/{id}")).await.body, user);
        assert_eq!(log_in(&server, EMAIL).await.tokens().user_id, id);
        server.assert_remembered("user.created", Some(id), None);
        assert!(server.waiting_mail_tokens().await.is_empty());
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_409() {
    let config = json!({"emailConfirmationUrl": "https://example.com/c", "confirmEmailSubject": "Confirm"});
    let server = start(config).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    create(&app, EMAIL).await.expect(StatusCode::CREATED);
    server.register("pending@example.com").await.expect(StatusCode::CREATED);
    for email in [EMAIL, "pending@example.com"] {
        create(&app, email).await.expect_error(409, "AccountNameInUse", "name already in use");
    }
    server.register(EMAIL).await.expect_error(409, "AccountNameInUse", "name already in use");
    assert_eq!(app.get("/users").await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_many_who_make_the_same_user_one_succeeds() {
    let server = start(json!({"autoConfirm": true})).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let made = futures_util::future::join_all((0..8).map(|_| create(&app, EMAIL))).await;
    let created: Vec<_> = made.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert_eq!(created.len(), 1);
    assert!(
        made.iter()
            .all(|answer| answer.status == StatusCode::CREATED || answer.status == StatusCode::CONFLICT)
    );
    assert_eq!(log_in(&server, EMAIL).await.tokens().user_id, created[0].body["_id"]);
}

#[tokio::test]
async fn a_user_needs_an_address_a_password_and_the_provider() {
    let server = start(json!({"autoConfirm": true})).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let lengths = "password must be between 6 and 128 characters";
    for (body, sentence) in [
        (json!({"email": "", "password": PASSWORD}), "email invalid"),
        (json!({"email": "a".repeat(129), "password": PASSWORD}), "email invalid"),
        (json!({"email": EMAIL, "password": "short"}), lengths),
        (json!({"email": EMAIL, "password": "x".repeat(129)}), lengths),
    ] {
        let answer = app.send(Method::POST, "/users", Some(body)).await;
        answer.expect_error(400, "BadRequest", sentence);
    }
    for body in [json!({}), json!({"email": EMAIL}), json!({"email": 7, "password": PASSWORD})] {
        app.send(Method::POST, "/users", Some(body)).await.expect(StatusCode::BAD_REQUEST);
    }
    let without = admin.create_app("without").await;
    let sentence = "this application has no email accounts: its local-userpass provider is not enabled";
    create(&without, EMAIL).await.expect_error(403, "Forbidden", sentence);
}

#[tokio::test]
async fn a_function_that_does_not_want_the_user_is_a_400_that_says_why() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("picky").await;
    app.create("/auth_providers", json!({"type": "local-userpass", "config": {"autoConfirm": true}})).await;
    let source = "exports = user => { if (user.data.email.startsWith('bad')) throw new Error('not you'); };";
    let function = json!({"name": "onCreation", "private": true, "source": source});
    let id = app.create_id("/functions", function).await;
    let settings = json!({"enabled": false, "on_user_creation_function_id": id});
    app.change(Method::PATCH, "/custom_user_data", settings).await;
    let refused = create(&app, "bad@example.com").await;
    refused.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.body["error_code"], "FunctionExecutionError");
    assert!(refused.body["error"].as_str().unwrap().contains("not you"), "{refused:?}");
    assert_eq!(app.get("/users").await.body, json!([]));
    create(&app, "good@example.com").await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_address_is_changed_and_the_password_stays() {
    let server = start(json!({"autoConfirm": true})).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user(EMAIL).await;
    let changed = reset_email(&app, &user.user_id, json!({"email": "new@example.com"})).await;
    changed.expect(StatusCode::NO_CONTENT);
    assert_eq!(changed.text, "");
    server.assert_remembered("user.email_changed", Some(&user.user_id), None);
    log_in(&server, EMAIL).await.expect_error(401, "InvalidPassword", "unauthorized");
    assert_eq!(log_in(&server, "new@example.com").await.tokens().user_id, user.user_id);
    assert!(server.is_alive(&user).await);
    let profile = server.get("/auth/profile", &user.access).await.body;
    assert_eq!(profile["data"]["email"], "new@example.com");
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let same = reset_email(&app, &user.user_id, json!({"email": "new@example.com"})).await;
    same.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_link_that_was_mailed_to_the_old_address_does_nothing_any_more() {
    let config = json!({
        "autoConfirm": true,
        "resetPasswordUrl": "https://example.com/reset", "resetPasswordSubject": "Reset",
    });
    let server = start(config).await;
    let admin = Administrator::log_in(&server).await;
    let user = server.new_user(EMAIL).await;
    server.email("reset/send", json!({"email": EMAIL})).await.expect(StatusCode::NO_CONTENT);
    let (token, token_id) = server.waiting_mail_tokens().await.remove(0);
    let app = admin.quickstart();
    let changed = reset_email(&app, &user.user_id, json!({"email": "new@example.com"})).await;
    changed.expect(StatusCode::NO_CONTENT);
    let body = json!({"token": token, "tokenId": token_id, "password": "another password"});
    server.email("reset", body).await.expect_error(400, "BadRequest", "invalid token data");
    log_in(&server, "new@example.com").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_cannot_be_changed_says_why() {
    let server = start(json!({"autoConfirm": true})).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user(EMAIL).await.user_id;
    server.new_user("other@example.com").await;
    server.register("never-logged-in@example.com").await.expect(StatusCode::CREATED);
    let anonymous = server.new_anonymous().await.user_id;
    for taken in ["other@example.com", "never-logged-in@example.com"] {
        let answer = reset_email(&app, &user, json!({"email": taken})).await;
        answer.expect_error(409, "AccountNameInUse", "name already in use");
    }
    for body in [json!({}), json!({"email": ""}), json!({"email": "a".repeat(129)}), json!({"email": null})] {
        reset_email(&app, &user, body).await.expect(StatusCode::BAD_REQUEST);
    }
    let sentence = "this user does not log in by email, so there is no address to change";
    let none = reset_email(&app, &anonymous, json!({"email": "new@example.com"})).await;
    none.expect_error(400, "BadRequest", sentence);
    let elsewhere = admin.create_app("elsewhere").await;
    for (app, user) in [(&app, NOBODY), (&app, "junk"), (&elsewhere, user.as_str())] {
        let answer = reset_email(app, user, json!({"email": "new@example.com"})).await;
        answer.expect_error(404, "UserNotFound", "user not found");
    }
    log_in(&server, EMAIL).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_user_has_an_empty_list_of_devices() {
    let server = start(json!({"autoConfirm": true})).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user(EMAIL).await.user_id;
    assert_eq!(app.get(&format!("/users/{user}/devices")).await.body, json!([]));
    let elsewhere = admin.create_app("elsewhere").await;
    for (app, user) in [(&app, NOBODY), (&elsewhere, user.as_str())] {
        let answer = app.send(Method::GET, &format!("/users/{user}/devices"), None).await;
        answer.expect_error(404, "UserNotFound", "user not found");
    }
}

#[tokio::test]
async fn a_user_is_put_out_and_in_with_any_body() {
    let server = start(json!({"autoConfirm": true})).await;
    let token = server.admin().await;
    let user = server.new_anonymous().await.user_id;
    let app = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    let group = keystead_server::domain::admins::GROUP_ID;
    for action in ["disable", "enable", "logout"] {
        for body in ["", "\"\"", "{}"] {
            let url =
                format!("{}/api/admin/v3.0/groups/{group}/apps/{app}/users/{user}/{action}", server.url);
            let request = server.request(Method::PUT, &url).bearer_auth(&token).body(body);
            Answer::of(request).await.expect(StatusCode::NO_CONTENT);
        }
    }
}
