//! Every deed has one event, which says who did what, when, from where, by which request; and what is
//! refused has none.

use super::{events, events_of, request_id};
use crate::support::{APP, Answer, NO_MAIL_SERVER, PASSWORD, TestServer, app_folder, jwt, provider, secrets};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use keystead_server::settings::Settings;
use keystead_server::{flush_once, sweep_once};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// What an event should say.
struct Expected<'e> {
    action: &'e str,
    actor: &'e str,
    actor_id: Option<&'e str>,
    user_id: Option<&'e str>,
    subject: Option<&'e str>,
}

/// That exactly one event tells of this answer, and just this.
async fn assert_told(server: &TestServer, answer: &Answer, expected: Expected<'_>) {
    assert!(answer.status.is_success(), "{answer:?}");
    let id = request_id(answer);
    let told: Vec<Value> =
        events(server, "").await.into_iter().filter(|event| event["request_id"] == id).collect();
    let Expected { action, actor, actor_id, user_id, subject } = expected;
    assert_eq!(told.len(), 1, "{action}: {told:?}");
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id.to_string();
    let text = |name: &str| told[0][name].as_str();
    assert_eq!(text("action"), Some(action));
    assert_eq!((text("actor"), text("actor_id")), (Some(actor), actor_id), "{action}");
    assert_eq!((text("user_id"), text("subject")), (user_id, subject), "{action}");
    assert_eq!((text("address"), text("outcome")), (Some("127.0.0.1"), Some("done")), "{action}");
    assert_eq!(text("app_id"), Some(app_id.as_str()), "{action}");
    let ago = server.state.clock.now().unix_seconds() - told[0]["at"].as_i64().unwrap();
    assert!((0..600).contains(&ago), "{action}: {ago}");
}

#[tokio::test]
async fn what_users_do_with_their_keys_and_sessions_is_told() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let by_user = |action, subject| Expected {
        action,
        actor: "user",
        actor_id: Some(&user.user_id),
        user_id: Some(&user.user_id),
        subject,
    };
    let created = server.post("/auth/api_keys", &user.refresh, json!({"name": "one"})).await;
    let key_id = created.body["_id"].as_str().unwrap().to_owned();
    assert_told(&server, &created, by_user("api_key.created", Some(&key_id))).await;
    let path = format!("/auth/api_keys/{key_id}");
    for (act, action) in [("disable", "api_key.disabled"), ("enable", "api_key.enabled")] {
        let done = server.put(&format!("{path}/{act}"), &user.refresh).await;
        assert_told(&server, &done, by_user(action, Some(&key_id))).await;
    }
    let deleted = server.delete(&path, &user.refresh).await;
    assert_told(&server, &deleted, by_user("api_key.deleted", Some(&key_id))).await;
    let other = server.log_in_by_email("a@example.com").await;
    let session = crate::support::claims(&other.refresh)["baas_id"].as_str().unwrap().to_owned();
    let ended = server.delete("/auth/session", &other.refresh).await;
    assert_told(&server, &ended, by_user("session.revoked", Some(&session))).await;
    let gone = server.delete("/auth/delete", &user.access).await;
    assert_told(&server, &gone, by_user("user.deleted", None)).await;
}

#[tokio::test]
async fn what_administrators_do_is_told() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let admin = events_of(&server, "admin.password_set").await[0]["subject"].as_str().unwrap().to_owned();
    for (method, act, action) in [
        (Method::PUT, "/disable", "user.disabled"),
        (Method::PUT, "/enable", "user.enabled"),
        (Method::PUT, "/logout", "user.sessions_revoked"),
        (Method::DELETE, "", "user.deleted"),
    ] {
        let done = server.administer(method, &format!("/{}{act}", user.user_id), None).await;
        let expected = Expected {
            action,
            actor: "admin",
            actor_id: Some(&admin),
            user_id: Some(&user.user_id),
            subject: None,
        };
        assert_told(&server, &done, expected).await;
    }
    let logged_in = &events_of(&server, "admin.logged_in").await[0];
    assert_eq!((&logged_in["actor"], &logged_in["actor_id"]), (&json!("admin"), &json!(admin)));
    assert_eq!(logged_in["address"], "127.0.0.1");
}

/// An application that confirms and resets by mails, which wait in the store.
fn with_mails(settings: &mut Settings, folder: &std::path::Path) {
    let config = json!({
        "emailConfirmationUrl": "https://www.example.com/confirm",
        "resetPasswordUrl": "https://www.example.com/reset",
    });
    let providers = json!({"local-userpass": provider("local-userpass", json!({"config": config})).1});
    settings.apps = vec![app_folder(folder, APP, &providers, json!({}))];
    settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
}

#[tokio::test]
async fn the_life_of_an_email_account_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = TestServer::start_with(|settings| with_mails(settings, folder.path())).await;
    let registered = server.register("a@example.com").await;
    let account = events(&server, "").await[1]["subject"].as_str().unwrap().to_owned();
    let by_nobody = |action, user_id| Expected {
        action,
        actor: "nobody",
        actor_id: None,
        user_id,
        subject: Some(&account),
    };
    assert_told(&server, &registered, by_nobody("email_account.registered", None)).await;
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    let confirmed = server.email("confirm", json!({"token": token, "tokenId": token_id})).await;
    assert_told(&server, &confirmed, by_nobody("email_account.confirmed", None)).await;
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    let login = server.log_in("local-userpass", credentials.clone()).await;
    let user = login.tokens();
    let created = Expected {
        action: "user.created",
        actor: "user",
        actor_id: Some(&user.user_id),
        user_id: Some(&user.user_id),
        subject: Some("local-userpass"),
    };
    assert_told(&server, &login, created).await;
    let again = server.log_in("local-userpass", credentials).await;
    assert!(events(&server, "").await.iter().all(|event| event["request_id"] != request_id(&again)));
    assert!(server.email("reset/send", json!({"email": "a@example.com"})).await.status.is_success());
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    let body = json!({"token": token, "tokenId": token_id, "password": "another password"});
    let reset = server.email("reset", body).await;
    assert_told(&server, &reset, by_nobody("password.changed", Some(&user.user_id))).await;
}

#[tokio::test]
async fn a_reset_that_confirms_tells_both() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = TestServer::start_with(|settings| with_mails(settings, folder.path())).await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    assert!(server.email("reset/send", json!({"email": "a@example.com"})).await.status.is_success());
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    let body = json!({"token": token, "tokenId": token_id, "password": "another password"});
    let reset = server.email("reset", body).await;
    let told = events(&server, "").await.into_iter();
    let told = told.filter(|event| event["request_id"] == request_id(&reset));
    let actions: Vec<_> = told.map(|event| event["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, ["password.changed", "email_account.confirmed"]);
}

#[tokio::test]
async fn users_of_other_providers_and_links_are_told() {
    const SECRET: &str = "a secret of custom tokens, long enough";
    let server =
        TestServer::start_with(|settings| settings.secrets = secrets(&[("customTokenKey", SECRET)])).await;
    let exp = server.state.clock.now().unix_seconds() + 600;
    let token =
        |sub: &str| json!({"token": jwt::hs256(SECRET, &json!({"sub": sub, "aud": APP, "exp": exp}))});
    for (provider, body) in [("anon-user", json!({})), ("custom-token", token("ada"))] {
        let login = server.log_in(provider, body).await;
        let user = login.tokens();
        let created = Expected {
            action: "user.created",
            actor: "user",
            actor_id: Some(&user.user_id),
            user_id: Some(&user.user_id),
            subject: Some(provider),
        };
        assert_told(&server, &login, created).await;
        let linked = server.link(&user.access, "custom-token", token(provider)).await;
        let link = Expected {
            action: "user.identity_linked",
            actor: "user",
            actor_id: Some(&user.user_id),
            user_id: Some(&user.user_id),
            subject: Some("custom-token"),
        };
        assert_told(&server, &linked, link).await;
    }
}

#[tokio::test]
async fn what_expires_is_told_as_a_count() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = TestServer::start_with(|settings| {
        let providers = json!({
            "local-userpass": provider("local-userpass", json!({"config": {
                "emailConfirmationUrl": "https://www.example.com/confirm",
            }})).1,
            "anon-user": provider("anon-user", json!({})).1,
        });
        settings.apps = vec![app_folder(folder.path(), APP, &providers, json!({}))];
        settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
    })
    .await;
    for number in 0..3 {
        server.new_anonymous().await;
        server.register(&format!("{number}@example.com")).await.expect(StatusCode::CREATED);
    }
    server.state.clock.advance(Duration::from_hours(91 * 24));
    sweep_once(&server.state).await.unwrap();
    sweep_once(&server.state).await.unwrap();
    for action in ["anonymous_users.expired", "email_accounts.expired"] {
        let told = events_of(&server, action).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["actor"], &told[0]["subject"]), (&json!("server"), &json!("3")));
    }
}

#[tokio::test]
async fn what_is_refused_is_not_told() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let anonymous = server.new_anonymous().await;
    server.new_key(&user, "one").await;
    server.admin().await;
    flush_once(&server.state).await.unwrap();
    let mut before = events(&server, "").await;
    before.retain(|event| event["action"] != "admin.logged_in");
    let nothing = "6b050440dc29d2aaccddaf5e";
    for answer in [
        server.register("a@example.com").await,
        server.email("register", json!({"email": "b@example.com", "password": "short"})).await,
        server.email("confirm", json!({"token": "x", "tokenId": nothing})).await,
        server.email("reset", json!({"token": "x", "tokenId": nothing, "password": PASSWORD})).await,
        server.post("/auth/api_keys", &user.refresh, json!({"name": "one"})).await,
        server.post("/auth/api_keys", &user.refresh, json!({"name": "no name!"})).await,
        server.post("/auth/api_keys", &anonymous.refresh, json!({"name": "two"})).await,
        server.delete(&format!("/auth/api_keys/{nothing}"), &user.refresh).await,
        server.put(&format!("/auth/api_keys/{nothing}/disable"), &user.refresh).await,
        server.put(&format!("/auth/api_keys/{nothing}/enable"), &user.refresh).await,
        server.delete("/auth/session", &user.access).await,
        server.administer(Method::PUT, &format!("/{nothing}/disable"), None).await,
        server.administer(Method::PUT, &format!("/{nothing}/logout"), None).await,
        server.administer(Method::DELETE, &format!("/{nothing}"), None).await,
        server
            .link(
                &anonymous.access,
                "local-userpass",
                json!({"username": "a@example.com", "password": PASSWORD}),
            )
            .await,
    ] {
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
    flush_once(&server.state).await.unwrap();
    let mut after = events(&server, "").await;
    after.retain(|event| event["action"] != "admin.logged_in");
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_password_that_is_hashed_anew_at_a_login_was_not_changed() {
    let server = TestServer::start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let folder = server.stop().await;
    // By weaker parameters than are used now.
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
    let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let file = folder.path().join("data/keystead.sqlite3");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute("UPDATE email_accounts SET password_hash = ?1", [weak]).unwrap();
    let server = TestServer::start_in(folder, |_| {}).await;
    server.log_in_by_email("a@example.com").await;
    let stored = "SELECT password_hash FROM email_accounts";
    let stored: String = database.query_row(stored, [], |row| row.get(0)).unwrap();
    assert!(stored.contains("m=19456"), "{stored}");
    assert_eq!(events_of(&server, "password.changed").await, Vec::<Value>::new());
}
