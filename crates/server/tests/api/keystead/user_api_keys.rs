//! API keys of users, managed by administrators.

use crate::admin::{AdministeredApp, Administrator};
use crate::support::{Answer, TestServer, Tokens};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn path(user: &Tokens, rest: &str) -> String {
    format!("/users/{}/api_keys{rest}", user.user_id)
}

async fn list(app: &AdministeredApp<'_>, user: &Tokens) -> Vec<Value> {
    let listed = app.own(Method::GET, &path(user, ""), None).await;
    listed.expect(StatusCode::OK);
    listed.body.as_array().unwrap().clone()
}

async fn create(app: &AdministeredApp<'_>, user: &Tokens, name: &str) -> Answer {
    app.own(Method::POST, &path(user, ""), Some(json!({"name": name}))).await
}

/// A request about one key that must be answered with 204.
async fn change(app: &AdministeredApp<'_>, user: &Tokens, method: Method, rest: &str) {
    app.own(method, &path(user, rest), None).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_key_that_an_administrator_makes_is_the_users() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user("a@example.com").await;
    let made = create(&app, &user, "service").await;
    made.expect(StatusCode::CREATED);
    let members: Vec<_> = made.body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["_id", "disabled", "key", "name"]);
    let (id, key) = (made.body["_id"].as_str().unwrap(), made.body["key"].as_str().unwrap());
    assert_eq!(server.log_in_by_key(key).await.tokens().user_id, user.user_id);
    let own = server.get("/auth/api_keys", &user.refresh).await.body;
    assert_eq!(own, json!([{"_id": id, "name": "service", "disabled": false}]));
    server.assert_remembered("api_key.created", Some(&user.user_id), Some(id));
}

#[tokio::test]
async fn a_list_tells_when_and_from_where_a_key_was_used_and_how_it_looks() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "used").await;
    let (unused, _) = server.new_key(&user, "unused").await;
    let login = server.client_url("/app/quickstart-abcde/auth/providers/api-key/login");
    let request = server.request(Method::POST, &login).header("user-agent", "tester/1");
    Answer::of(request.json(&json!({"key": key}))).await.expect(StatusCode::OK);
    keystead_server::flush_once(&server.state).await.unwrap();
    let [first, second] = &list(&app, &user).await[..] else { panic!() };
    assert_eq!((&first["_id"], &second["_id"]), (&json!(id), &json!(unused)));
    assert!(first["last_used_at"].is_i64() && first["created_at"].is_i64());
    assert_eq!(first["last_used_from"], "127.0.0.1");
    assert_eq!(first["last_used_agent"], "tester/1");
    assert!(key.starts_with(first["display_start"].as_str().unwrap()));
    assert!(key.ends_with(first["display_end"].as_str().unwrap()));
    let members: Vec<_> = second.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["_id", "created_at", "disabled", "display_end", "display_start", "name"]);
    let shown = json!([first, second]).to_string();
    assert!(!shown.contains(&key[12..key.len() - 4]), "{shown}");
}

#[tokio::test]
async fn a_key_is_disabled_enabled_and_deleted_as_if_by_its_owner() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "service").await;
    let session = server.log_in_by_key(&key).await.tokens();
    change(&app, &user, Method::PUT, &format!("/{id}/disable")).await;
    assert!(!server.is_alive(&session).await);
    server.log_in_by_key(&key).await.expect_error(401, "AuthError", "unauthorized");
    assert_eq!(list(&app, &user).await[0]["disabled"], true);
    server.assert_remembered("api_key.disabled", Some(&user.user_id), Some(&id));
    change(&app, &user, Method::PUT, &format!("/{id}/enable")).await;
    let session = server.log_in_by_key(&key).await.tokens();
    server.assert_remembered("api_key.enabled", Some(&user.user_id), Some(&id));
    change(&app, &user, Method::DELETE, &format!("/{id}")).await;
    assert!(!server.is_alive(&session).await && server.is_alive(&user).await);
    assert!(list(&app, &user).await.is_empty());
    server.assert_remembered("api_key.deleted", Some(&user.user_id), Some(&id));
}

#[tokio::test]
async fn what_a_user_may_not_have_an_administrator_does_not_give_them() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let user = server.new_user("a@example.com").await;
    let anonymous = server.new_anonymous().await;
    create(&app, &anonymous, "service").await.expect(StatusCode::FORBIDDEN);
    create(&app, &user, "").await.expect_error(400, "", "'name' is a required string");
    create(&app, &user, "two words").await.expect(StatusCode::BAD_REQUEST);
    create(&app, &user, "service").await.expect(StatusCode::CREATED);
    create(&app, &user, "service").await.expect(StatusCode::CONFLICT);
    for number in 1..20 {
        create(&app, &user, &format!("service-{number}")).await.expect(StatusCode::CREATED);
    }
    let sentence = "a user can have at most 20 API keys: delete one first";
    create(&app, &user, "one-more").await.expect_error(400, "BadRequest", sentence);
}

#[tokio::test]
async fn a_server_key_goes_with_its_user_here_too() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let made = app.create("/api_keys", json!({"name": "service"})).await.body;
    let service = server.log_in_by_key(made["key"].as_str().unwrap()).await.tokens();
    let id = made["_id"].as_str().unwrap();
    assert_eq!(list(&app, &service).await[0]["_id"], id);
    create(&app, &service, "more").await.expect(StatusCode::FORBIDDEN);
    change(&app, &service, Method::PUT, &format!("/{id}/disable")).await;
    server.assert_remembered("server_key.disabled", Some(&service.user_id), Some(id));
    change(&app, &service, Method::DELETE, &format!("/{id}")).await;
    let user = app.send(Method::GET, &format!("/users/{}", service.user_id), None).await;
    user.expect(StatusCode::NOT_FOUND);
    assert_eq!(app.get("/api_keys").await.body, json!([]));
}

#[tokio::test]
async fn a_user_of_another_application_and_a_key_of_another_user_are_not_found() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (app, other) = (admin.quickstart(), admin.create_app("other").await);
    let (user, neighbour) = (server.new_user("a@example.com").await, server.new_user("b@example.com").await);
    let (id, key) = server.new_key(&user, "service").await;
    let nobody = Tokens { user_id: "junk".into(), ..user.clone() };
    let name = || Some(json!({"name": "service"}));
    let one = format!("/{id}");
    for (method, rest, body) in [
        (Method::GET, String::new(), None),
        (Method::POST, String::new(), name()),
        (Method::DELETE, one.clone(), None),
        (Method::PUT, format!("{one}/enable"), None),
        (Method::PUT, format!("{one}/disable"), None),
    ] {
        for (app, user) in [(&other, &user), (&app, &nobody)] {
            let answer = app.own(method.clone(), &path(user, &rest), body.clone()).await;
            answer.expect_error(404, "UserNotFound", "user not found");
        }
        if !rest.is_empty() {
            let answer = app.own(method.clone(), &path(&neighbour, &rest), body).await;
            answer.expect_error(404, "APIKeyNotFound", "API key not found");
        }
    }
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
    assert_eq!(list(&app, &user).await.len(), 1);
}

#[tokio::test]
async fn nobody_and_no_user_manages_keys_here() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "service").await;
    let app = format!("/api/keystead/v1/apps/{}", admin.quickstart().id);
    for (method, rest) in [
        (Method::GET, String::new()),
        (Method::POST, String::new()),
        (Method::DELETE, format!("/{id}")),
        (Method::PUT, format!("/{id}/enable")),
        (Method::PUT, format!("/{id}/disable")),
    ] {
        let url = format!("{}{app}{}", server.url, path(&user, &rest));
        let none = Answer::of(server.request(method.clone(), &url)).await;
        none.expect_error(401, "", "must authenticate first");
        for token in [&user.access, &user.refresh] {
            let answer = Answer::of(server.request(method.clone(), &url).bearer_auth(token)).await;
            answer.expect(StatusCode::UNAUTHORIZED);
        }
    }
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
}
