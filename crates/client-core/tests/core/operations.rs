//! Every other request: its route, its token, its body.

use crate::support::{Network, Scripted, Value, logged_in, refusal, spawn};
use keystead_client_core::{Body, Change, Client, Credentials, Error, Operation, Task, User};
use serde_json::json;
use tokio::task::JoinHandle;

type Outcome = JoinHandle<Result<Value, Error>>;

fn execute(client: &Client<Scripted>, user: Option<&User<Scripted>>, operation: Operation<Value>) -> Outcome {
    spawn((client.clone(), user.cloned()), |(client, user)| async move {
        client.execute(operation, user.as_ref()).await
    })
}

#[tokio::test]
async fn api_keys_are_managed_with_the_refresh_token() {
    let (client, user, mut network) = logged_in().await;
    let id = || "5f0a".to_owned();
    let name = "myApiKey".to_owned();
    for (operation, request, body) in [
        (Operation::CreateApiKey { name }, "POST /auth/api_keys", Some(json!({ "name": "myApiKey" }))),
        (Operation::FetchApiKeys, "GET /auth/api_keys", None),
        (Operation::FetchApiKey { id: id() }, "GET /auth/api_keys/5f0a", None),
        (Operation::DisableApiKey { id: id() }, "PUT /auth/api_keys/5f0a/disable", None),
        (Operation::EnableApiKey { id: id() }, "PUT /auth/api_keys/5f0a/enable", None),
        (Operation::DeleteApiKey { id: id() }, "DELETE /auth/api_keys/5f0a", None),
    ] {
        let outcome = execute(&client, Some(&user), operation);
        let asked = network.expect(request).await;
        assert_eq!((asked.bearer.as_deref(), &asked.body), (Some("refresh-1"), &body), "{request}");
        asked.json(200, json!({ "_id": "5f0a" }));
        assert_eq!(outcome.await.unwrap().unwrap().0, json!({ "_id": "5f0a" }));
    }
}

#[tokio::test]
async fn an_answer_without_a_body_is_null() {
    let (client, user, mut network) = logged_in().await;
    let outcome = execute(&client, Some(&user), Operation::DeleteApiKey { id: "5f0a".into() });
    network.expect("DELETE /auth/api_keys/5f0a").await.body(204, Body::Empty);
    assert_eq!(outcome.await.unwrap().unwrap().0, json!(null));
}

#[tokio::test]
async fn an_id_names_a_key_and_never_another_route() {
    let (client, user, mut network) = logged_in().await;
    for (id, path) in
        [("../profile", "%2E%2E%2Fprofile"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("ü", "%C3%BC"), ("", "")]
    {
        let outcome = execute(&client, Some(&user), Operation::FetchApiKey { id: id.into() });
        network.expect(&format!("GET /auth/api_keys/{path}")).await.refuse(
            404,
            "APIKeyNotFound",
            "API key not found",
        );
        assert_eq!(refusal(outcome.await.unwrap()), (404, "APIKeyNotFound".into()));
    }
}

#[tokio::test]
async fn a_refused_refresh_token_ends_the_session_but_other_refusals_do_not() {
    let (client, user, mut network) = logged_in().await;
    for (status, code, error) in [
        (400, "InvalidParameter", "can only contain ASCII letters, numbers, underscores, and hyphens"),
        (403, "Forbidden", "forbidden"),
        (404, "APIKeyNotFound", "API key not found"),
        (429, "TooManyRequests", "slow down"),
        (500, "InternalServerError", "oh"),
    ] {
        let outcome = execute(&client, Some(&user), Operation::FetchApiKeys);
        network.expect("GET /auth/api_keys").await.refuse(status, code, error);
        assert_eq!(refusal(outcome.await.unwrap()), (status, code.into()));
        assert!(user.is_logged_in(), "after {status}");
    }
    let outcome = execute(&client, Some(&user), Operation::FetchApiKeys);
    network.expect("GET /auth/api_keys").await.refuse(401, "InvalidSession", "invalid session");
    assert_eq!(refusal(outcome.await.unwrap()), (401, "InvalidSession".into()));
    assert!(!user.is_logged_in());
    network.expect_silence();
}

#[tokio::test]
async fn email_and_password_acts_need_nobody() {
    let (client, _user, mut network) = logged_in().await;
    for act in ["register", "confirm", "confirm/send", "confirm/call", "reset", "reset/send", "reset/call"] {
        let details = Value(json!({ "email": "bob@example.com" }));
        let outcome = execute(&client, None, Operation::EmailPassword { act: act.into(), details });
        let asked =
            network.expect(&format!("POST /app/shop-abcde/auth/providers/local-userpass/{act}")).await;
        assert_eq!((&asked.bearer, &asked.body), (&None, &Some(json!({ "email": "bob@example.com" }))));
        asked.body(201, Body::Empty);
        outcome.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn deleting_a_user_forgets_them() {
    let (client, user, mut network) = logged_in().await;
    let deleting =
        spawn((client.clone(), user), |(client, user)| async move { client.delete_user(&user).await });
    let asked = network.expect("DELETE /auth/delete").await;
    assert_eq!(asked.bearer.as_deref(), Some("access-1"));
    asked.body(204, Body::Empty);
    deleting.await.unwrap().unwrap();
    assert!(client.user_ids().is_empty());
    expect_nothing_of_user_1(&network);
}

#[tokio::test]
async fn a_user_who_could_not_be_deleted_stays() {
    let (client, user, mut network) = logged_in().await;
    let deleting =
        spawn((client.clone(), user), |(client, user)| async move { client.delete_user(&user).await });
    network.expect("DELETE /auth/delete").await.refuse(500, "InternalServerError", "oh");
    assert_eq!(refusal(deleting.await.unwrap()), (500, "InternalServerError".into()));
    assert!(client.current_user().is_some());
}

fn expect_nothing_of_user_1(network: &Network) {
    let stored = network.stored.lock().unwrap();
    assert!(!stored.keys().any(|key| key.contains("user(user-1)")), "{stored:?}");
    assert_eq!(stored["app(shop-abcde):userIds"], "[]");
}

#[test]
fn nothing_that_holds_a_secret_prints_it() {
    let payload = Value(json!({ "password": "correct horse" }));
    let credentials = Credentials {
        provider_name: "local-userpass".into(),
        provider_type: "local-userpass".into(),
        reuse: false,
        payload,
    };
    assert_eq!(format!("{credentials:?}"), "[credentials]");
    assert!(!format!("{:?}", Task::LogIn { credentials, fetch_profile: true }).contains("horse"));
    let token = keystead_client_core::Token::from("secret.secret.secret");
    assert_eq!(format!("{token:?}"), "[token]");
    let change = Change { key: "refreshToken".into(), value: Some("secret.secret.secret".into()) };
    assert!(!format!("{change:?}").contains("secret"));
}
