//! Server API keys, protocol §7.6 and §4.4.

use super::{AdministeredApp, Administrator};
use crate::support::{Answer, TestServer, Tokens};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const UNKNOWN: &str = "000000000000000000000000";

/// A new key: its id and its secret.
async fn new_key(app: &AdministeredApp<'_>, name: &str) -> (String, String) {
    let made = app.create("/api_keys", json!({"name": name})).await.body;
    let members: Vec<_> = made.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["_id", "disabled", "key", "name"]);
    assert_eq!((&made["name"], &made["disabled"]), (&json!(name), &json!(false)));
    (made["_id"].as_str().unwrap().into(), made["key"].as_str().unwrap().into())
}

async fn log_in(server: &TestServer, key: &str) -> Tokens {
    server.log_in_by_key(key).await.tokens()
}

/// Whether key and session are refused.
async fn assert_over(server: &TestServer, key: &str, session: &Tokens) {
    server.log_in_by_key(key).await.expect_error(401, "AuthError", "unauthorized");
    assert!(!server.is_alive(session).await);
}

#[tokio::test]
async fn a_server_key_logs_in_as_a_server_user_of_its_own() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let (id, key) = new_key(&app, "service").await;
    let (other_id, other_key) = new_key(&app, "other").await;
    assert!(key.starts_with("ks_server_") && key.len() == "ks_server_".len() + 51, "{key}");
    let before = app.get("/users?provider_types=api-key").await.body;
    let session = log_in(&server, &key).await;
    assert_ne!(session.user_id, log_in(&server, &other_key).await.user_id);
    let profile = server.get("/auth/profile", &session.access).await.body;
    assert_eq!(profile["type"], "server");
    assert_eq!(profile["data"], json!({"name": "service"}));
    let user = app.get(&format!("/users/{}", session.user_id)).await.body;
    assert_eq!(user["identities"], profile["identities"]);
    assert_eq!((&user["type"], &user["data"]), (&json!("server"), &json!({"name": "service"})));
    let [identity] = &user["identities"].as_array().unwrap()[..] else { panic!("{user}") };
    assert_eq!((&identity["id"], &identity["provider_type"]), (&json!(id), &json!("api-key")));
    assert_eq!(before[0], user, "there before the first login");
    let shown = |id: &str, name: &str| json!({"_id": id, "name": name, "disabled": false});
    let all = json!([shown(&id, "service"), shown(&other_id, "other")]);
    assert_eq!(app.get("/api_keys").await.body, all);
    assert_eq!(app.get(&format!("/api_keys/{id}")).await.body, shown(&id, "service"));
    let made = server.remembered("server_key.created");
    assert_eq!(made[0].subject.as_deref(), Some(id.as_str()));
    assert_eq!(made[0].user_id.as_deref(), Some(session.user_id.as_str()));
}

#[tokio::test]
async fn the_prefix_is_set_by_the_operator() {
    let prefix = "acme_service";
    let server =
        TestServer::start_with(|settings| settings.server_key_prefix = prefix.parse().unwrap()).await;
    let admin = Administrator::log_in(&server).await;
    let (_, key) = new_key(&admin.quickstart(), "service").await;
    assert!(key.starts_with("acme_service_"), "{key}");
    log_in(&server, &key).await;
}

#[tokio::test]
async fn disabling_a_server_key_ends_all_that_was_opened_with_it() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let (id, key) = new_key(&app, "service").await;
    let session = log_in(&server, &key).await;
    assert!(server.is_alive(&session).await);
    for _ in 0..2 {
        app.change(Method::PUT, &format!("/api_keys/{id}/disable"), json!({})).await;
        assert_over(&server, &key, &session).await;
        assert_eq!(app.get(&format!("/api_keys/{id}")).await.body["disabled"], true);
    }
    server.assert_remembered("server_key.disabled", Some(&session.user_id), Some(&id));
    app.send(Method::PUT, &format!("/api_keys/{id}/enable"), None).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&session).await, "enabling revives no session");
    let again = log_in(&server, &key).await;
    assert_eq!(again.user_id, session.user_id);
    server.assert_remembered("server_key.enabled", Some(&session.user_id), Some(&id));
    app.change(Method::PUT, &format!("/users/{}/disable", session.user_id), json!({})).await;
    server.log_in_by_key(&key).await.expect_error(401, "UserDisabled", "user disabled");
    assert!(!server.is_alive(&again).await);
}

#[tokio::test]
async fn deleting_a_server_key_deletes_its_user_and_the_other_way_round() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let (first, first_key) = new_key(&app, "first").await;
    let (second, second_key) = new_key(&app, "second").await;
    let (one, two) = (log_in(&server, &first_key).await, log_in(&server, &second_key).await);
    app.send(Method::DELETE, &format!("/api_keys/{first}"), None).await.expect(StatusCode::NO_CONTENT);
    assert_over(&server, &first_key, &one).await;
    app.send(Method::GET, &format!("/users/{}", one.user_id), None).await.expect(StatusCode::NOT_FOUND);
    server.assert_remembered("server_key.deleted", Some(&one.user_id), Some(&first));
    assert!(server.is_alive(&two).await);
    let user = format!("/users/{}", two.user_id);
    app.send(Method::DELETE, &user, None).await.expect(StatusCode::NO_CONTENT);
    assert_over(&server, &second_key, &two).await;
    let gone = app.send(Method::GET, &format!("/api_keys/{second}"), None).await;
    gone.expect_error(404, "APIKeyNotFound", "API key not found");
    assert_eq!(app.get("/api_keys").await.body, json!([]));
    // The name is free again.
    new_key(&app, "first").await;
}

#[tokio::test]
async fn an_application_has_a_hundred_server_keys_however_many_ask_at_once() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    for number in 0..95 {
        new_key(&app, &format!("key-{number}")).await;
    }
    let ask = |number: usize| {
        let body = json!({"name": format!("race-{number}")});
        let app = &app;
        async move { app.send(Method::POST, "/api_keys", Some(body)).await }
    };
    let answers = futures_util::future::join_all((0..12).map(ask)).await;
    let (made, refused): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::CREATED);
    assert_eq!(made.len(), 5);
    let sentence = "an application can have at most 100 server API keys: delete one first";
    for answer in refused {
        answer.expect_error(400, "BadRequest", sentence);
    }
    assert_eq!(app.get("/api_keys").await.body.as_array().unwrap().len(), 100);
    let users = app.get("/users?provider_types=api-key&sort=_id").await.body;
    assert_eq!(users.as_array().unwrap().len(), 50, "no user is left over from a refusal");
    let other = admin.create_app("other").await;
    let provider = other.provider_id("api-key").await;
    other.change(Method::PUT, &format!("/auth_providers/{provider}/enable"), json!({})).await;
    new_key(&other, "key-0").await;
}

#[tokio::test]
async fn a_server_key_needs_a_name_and_the_provider() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let create =
        async |app: &AdministeredApp<'_>, body: Value| app.send(Method::POST, "/api_keys", Some(body)).await;
    new_key(&app, "taken").await;
    for body in [json!({}), json!({"name": ""}), json!({"name": 7}), json!({"name": null})] {
        create(&app, body).await.expect_error(400, "", "'name' is a required string");
    }
    let characters = "can only contain ASCII letters, numbers, underscores, and hyphens";
    create(&app, json!({"name": "two words"})).await.expect_error(400, "InvalidParameter", characters);
    let taken = create(&app, json!({"name": "taken"})).await;
    taken.expect(StatusCode::CONFLICT);
    assert_eq!(taken.body["error_code"], "APIKeyAlreadyExists");
    let off = admin.create_app("off").await;
    let sentence = "this application has no API keys: its api-key provider is not enabled";
    create(&off, json!({"name": "service"})).await.expect_error(403, "Forbidden", sentence);
}

#[tokio::test]
async fn a_users_key_and_one_of_another_application_is_no_server_key_here() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (app, other) = (admin.quickstart(), admin.create_app("other").await);
    let user = server.new_user("a@example.com").await;
    let (of_user, user_key) = server.new_key(&user, "mine").await;
    let (of_app, key) = new_key(&app, "service").await;
    for (app, id) in [(&app, of_user.as_str()), (&other, &of_app), (&app, UNKNOWN), (&app, "junk")] {
        for (method, action) in
            [(Method::GET, ""), (Method::DELETE, ""), (Method::PUT, "/enable"), (Method::PUT, "/disable")]
        {
            let answer = app.send(method, &format!("/api_keys/{id}{action}"), None).await;
            answer.expect_error(404, "APIKeyNotFound", "API key not found");
        }
    }
    assert_eq!(app.get("/api_keys").await.body.as_array().unwrap().len(), 1);
    log_in(&server, &key).await;
    log_in(&server, &user_key).await;
}

#[tokio::test]
async fn whoever_holds_a_server_key_does_not_manage_it() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (id, key) = new_key(&admin.quickstart(), "service").await;
    let session = log_in(&server, &key).await;
    let sentence = "a server user has one API key, which administrators manage";
    let more = server.post("/auth/api_keys", &session.refresh, json!({"name": "more"})).await;
    more.expect_error(403, "Forbidden", sentence);
    for action in ["enable", "disable"] {
        let path = format!("/auth/api_keys/{id}/{action}");
        server.put(&path, &session.refresh).await.expect_error(403, "Forbidden", sentence);
    }
    let delete = server.delete(&format!("/auth/api_keys/{id}"), &session.refresh).await;
    delete.expect(StatusCode::FORBIDDEN);
    // Not by another identity of the same user either.
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let body = json!({"username": "a@example.com", "password": crate::support::PASSWORD});
    server.link(&session.access, "local-userpass", body).await.expect(StatusCode::OK);
    let by_email = server.log_in_by_email("a@example.com").await;
    assert_eq!(by_email.user_id, session.user_id);
    let delete = server.delete(&format!("/auth/api_keys/{id}"), &by_email.refresh).await;
    delete.expect_error(403, "Forbidden", sentence);
    assert!(server.is_alive(&session).await);
}

#[tokio::test]
async fn nobody_and_no_user_manages_server_keys() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let (id, key) = new_key(&app, "service").await;
    let (user, service) = (server.new_user("a@example.com").await, log_in(&server, &key).await);
    for (method, path) in [
        (Method::GET, "/api_keys".to_owned()),
        (Method::POST, "/api_keys".to_owned()),
        (Method::GET, format!("/api_keys/{id}")),
        (Method::DELETE, format!("/api_keys/{id}")),
        (Method::PUT, format!("/api_keys/{id}/enable")),
        (Method::PUT, format!("/api_keys/{id}/disable")),
    ] {
        let url = format!("{}/api/admin/v3.0{}/{}{path}", server.url, admin.apps, app.id);
        let none = Answer::of(server.request(method.clone(), &url)).await;
        none.expect_error(401, "", "must authenticate first");
        for token in [&user.access, &user.refresh, &service.access, &service.refresh] {
            let answer = Answer::of(server.request(method.clone(), &url).bearer_auth(token)).await;
            answer.expect(StatusCode::UNAUTHORIZED);
        }
    }
    log_in(&server, &key).await;
}
