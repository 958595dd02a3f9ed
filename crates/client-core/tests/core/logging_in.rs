//! Logging in, linking, logging out: what is sent, and who is logged in afterwards.

use crate::support::{access, by_password, client, credentials, logged_in, refresh, refusal, session, spawn};
use keystead_client_core::{Body, Error, UserState};
use serde_json::json;

const LOGIN: &str = "POST /app/shop-abcde/auth/providers/local-userpass/login";

fn profile() -> serde_json::Value {
    json!({
        "user_id": "user-1",
        "type": "normal",
        "identities": [{ "id": "5f01", "provider_type": "local-userpass", "provider_id": "5f02" }],
        "data": { "email": "ada@example.com", "first_name": "Ada", "favourite": "number" },
    })
}

#[tokio::test]
async fn a_login_sends_the_device_and_fetches_the_profile() {
    let (client, mut network) = client();
    let login = spawn(client.clone(), |client| async move { client.log_in(by_password(), true).await });
    network.expect_location().await;
    let asked = network.expect(LOGIN).await;
    assert_eq!(asked.bearer, None);
    assert_eq!(
        asked.body,
        Some(json!({
            "username": "ada@example.com",
            "password": "correct horse",
            "options": { "device": { "platform": "test" } },
        }))
    );
    asked.json(200, session("user-1", "1"));
    let asked = network.expect("GET /auth/profile").await;
    assert_eq!(asked.bearer.as_deref(), Some("access-1"));
    asked.json(200, profile());
    let user = login.await.unwrap().unwrap();
    assert_eq!(
        (user.id(), &*user.provider_type(), user.state()),
        ("user-1", "local-userpass", UserState::Active)
    );
    assert_eq!(
        user.profile().unwrap().0,
        json!({
            "type": "normal",
            "identities": [{ "id": "5f01", "providerType": "local-userpass" }],
            "data": { "email": "ada@example.com", "firstName": "Ada", "favourite": "number" },
        })
    );
    assert_eq!(client.current_user().unwrap().id(), "user-1");
}

#[tokio::test]
async fn the_device_that_the_server_named_is_sent_the_next_time() {
    let (client, _user, mut network) = logged_in().await;
    let login = spawn(client, |client| async move { client.log_in(by_password(), false).await });
    let asked = network.expect(LOGIN).await;
    let device = &asked.body.as_ref().unwrap()["options"]["device"];
    assert_eq!(device["deviceId"], json!({ "$oid": "5f0000000000000000000001" }));
    asked.json(200, session("user-1", "2"));
    login.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_second_login_of_the_same_user_replaces_the_session() {
    let (client, user, mut network) = logged_in().await;
    let login = spawn(client.clone(), |client| async move { client.log_in(by_password(), false).await });
    network.expect(LOGIN).await.json(200, session("user-1", "2"));
    login.await.unwrap().unwrap();
    assert_eq!((access(&user), refresh(&user)), (Some("access-2"), Some("refresh-2")));
    assert_eq!(client.user_ids(), ["user-1"]);
}

#[tokio::test]
async fn a_refused_login_changes_nothing() {
    let (client, mut network) = client();
    let login = spawn(client.clone(), |client| async move { client.log_in(by_password(), true).await });
    network.expect_location().await;
    network.expect(LOGIN).await.refuse(401, "InvalidPassword", "unauthorized");
    assert_eq!(
        refusal(login.await.unwrap().map(|user| user.id().to_owned())),
        (401, "InvalidPassword".into())
    );
    assert!(client.current_user().is_none());
    assert!(network.stored.lock().unwrap().is_empty());
    network.expect_silence();
}

#[tokio::test]
async fn who_is_logged_in_can_be_reused_but_only_while_logged_in() {
    let (client, mut network) = client();
    let mut guest = credentials("anon-user", json!({}));
    guest.reuse = true;
    let log_in = |client: &keystead_client_core::Client<_>| {
        let guest = guest.clone();
        spawn(client.clone(), |client| async move { client.log_in(guest, false).await })
    };
    let first = log_in(&client);
    network.expect_location().await;
    network
        .expect("POST /app/shop-abcde/auth/providers/anon-user/login")
        .await
        .json(200, session("guest-1", "1"));
    let first = first.await.unwrap().unwrap();
    assert_eq!(log_in(&client).await.unwrap().unwrap().id(), "guest-1");
    network.expect_silence();

    let leaving = spawn(first, |user| async move { user.log_out().await });
    network.expect("DELETE /auth/session").await.body(204, Body::Empty);
    leaving.await.unwrap().unwrap();
    let second = log_in(&client);
    network
        .expect("POST /app/shop-abcde/auth/providers/anon-user/login")
        .await
        .json(200, session("guest-2", "2"));
    assert_eq!(second.await.unwrap().unwrap().id(), "guest-2");
}

#[tokio::test]
async fn linking_keeps_the_session_and_fetches_the_profile() {
    let (_client, user, mut network) = logged_in().await;
    let key = credentials("custom-token", json!({ "token": "a.b.c" }));
    let linking = spawn(user.clone(), |user| async move { user.link_credentials(&key).await });
    let asked = network.expect("POST /app/shop-abcde/auth/providers/custom-token/login?link=true").await;
    assert_eq!(asked.bearer.as_deref(), Some("access-1"));
    asked.json(200, session("user-1", "2"));
    network.expect("GET /auth/profile").await.json(200, profile());
    linking.await.unwrap().unwrap();
    assert_eq!((access(&user), refresh(&user)), (Some("access-2"), Some("refresh-1")));
}

#[tokio::test]
async fn a_link_that_answers_for_somebody_else_is_not_taken() {
    let (_client, user, mut network) = logged_in().await;
    let key = credentials("custom-token", json!({ "token": "a.b.c" }));
    let linking = spawn(user.clone(), |user| async move { user.link_credentials(&key).await });
    let asked = network.expect("POST /app/shop-abcde/auth/providers/custom-token/login?link=true").await;
    asked.json(200, session("user-2", "2"));
    let error = linking.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::UnexpectedAnswer(_)), "{error}");
    assert_eq!(access(&user), Some("access-1"));
}

#[tokio::test]
async fn logging_out_ends_the_session_here_even_if_the_server_is_away() {
    let (client, user, mut network) = logged_in().await;
    let leaving = spawn(user.clone(), |user| async move { user.log_out().await });
    let asked = network.expect("DELETE /auth/session").await;
    assert_eq!(asked.bearer.as_deref(), Some("refresh-1"));
    asked.no_answer("connection refused");
    let error = leaving.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert_eq!((user.state(), refresh(&user)), (UserState::LoggedOut, None));
    assert_eq!(client.user_ids(), ["user-1"], "known, and logged out");
}

#[tokio::test]
async fn logging_out_of_a_session_that_is_over_is_no_error() {
    let (_client, user, mut network) = logged_in().await;
    let leaving = spawn(user.clone(), |user| async move { user.log_out().await });
    let gone = "invalid session: failed to find refresh token";
    network.expect("DELETE /auth/session").await.refuse(401, "InvalidSession", gone);
    leaving.await.unwrap().unwrap();
    let again = spawn(user, |user| async move { user.log_out().await });
    again.await.unwrap().unwrap();
    network.expect_silence();
}
