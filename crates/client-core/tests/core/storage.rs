//! What is kept, what is found again, and what becomes of what cannot be read.

use crate::support::{Stored, access, by_password, client, client_on, logged_in, refresh, session, spawn};
use keystead_client_core::{Body, Error, UserState};
use serde_json::json;

#[tokio::test]
async fn a_session_is_kept_under_the_names_of_realm_web() {
    let (_client, _user, network) = logged_in().await;
    let stored = network.stored.lock().unwrap().clone();
    assert_eq!(
        json!(stored),
        json!({
            "app(shop-abcde):userIds": "[\"user-1\"]",
            "app(shop-abcde):deviceId": "5f0000000000000000000001",
            "app(shop-abcde):user(user-1):accessToken": "access-1",
            "app(shop-abcde):user(user-1):refreshToken": "refresh-1",
            "app(shop-abcde):user(user-1):providerType": "local-userpass",
        })
    );
}

#[tokio::test]
async fn another_client_finds_the_session_without_a_request() {
    let (_client, _user, network) = logged_in().await;
    let (later, mut silent) = client_on(network.stored);
    let user = later.current_user().unwrap();
    assert_eq!((access(&user), refresh(&user)), (Some("access-1"), Some("refresh-1")));
    assert_eq!(user.provider_type(), "local-userpass");
    silent.expect_silence();
}

#[tokio::test]
async fn what_is_corrupted_counts_as_nobody_and_harms_nobody_else() {
    let (_client, _user, network) = logged_in().await;
    for (key, value) in [
        ("app(shop-abcde):userIds", "[\"user-9\", \"user-1\", 7, \"user-1\"]"),
        ("app(shop-abcde):user(user-1):profile", "{\"type\": \"nor"),
        ("app(shop-abcde):user(user-9):accessToken", "an access token, and no provider"),
    ] {
        network.stored.lock().unwrap().insert(key.into(), value.into());
    }
    let (later, _network) = client_on(network.stored.clone());
    assert_eq!(later.user_ids(), ["user-1"]);
    let user = later.current_user().unwrap();
    assert!(user.profile().is_none(), "half a profile is none");

    for garbage in ["", "{", "null", "{\"a\": 1}", "\"user-1\"", "\u{0}"] {
        network.stored.lock().unwrap().insert("app(shop-abcde):userIds".into(), garbage.into());
        let (later, _network) = client_on(network.stored.clone());
        assert!(later.current_user().is_none(), "{garbage:?}");
    }
}

#[tokio::test]
async fn somebody_can_log_in_over_what_is_corrupted() {
    let stored = Stored::default();
    stored.lock().unwrap().insert("app(shop-abcde):userIds".into(), "{{{".into());
    let (client, mut network) = client_on(stored.clone());
    let login = spawn(client, |client| async move { client.log_in(by_password(), false).await });
    network.expect_location().await;
    let asked = network.expect("POST /app/shop-abcde/auth/providers/local-userpass/login").await;
    asked.json(200, session("user-1", "1"));
    login.await.unwrap().unwrap();
    assert_eq!(client_on(stored).0.user_ids(), ["user-1"]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_session_works_until_the_program_ends() {
    let (client, mut network) = client();
    *network.full.lock().unwrap() = true;
    let login = spawn(client.clone(), |client| async move { client.log_in(by_password(), false).await });
    network.expect_location().await;
    let asked = network.expect("POST /app/shop-abcde/auth/providers/local-userpass/login").await;
    asked.json(200, session("user-1", "1"));
    let Err(error) = login.await.unwrap() else { panic!("nothing was written") };
    assert_eq!(error.to_string(), "The session could not be saved: the disk is full");
    let user = client.current_user().expect("the server has opened a session");
    assert_eq!((access(&user), refresh(&user)), (Some("access-1"), Some("refresh-1")));
}

#[tokio::test]
async fn two_clients_on_one_storage_keep_each_others_users() {
    let (_client, _user, network) = logged_in().await;
    let (other, mut on_other) = client_on(network.stored.clone());
    // Meanwhile somebody logs in with a third.
    network.stored.lock().unwrap().insert("app(shop-abcde):userIds".into(), "[\"user-3\",\"user-1\"]".into());
    let login = spawn(other, |client| async move { client.log_in(by_password(), false).await });
    on_other.expect_location().await;
    let asked = on_other.expect("POST /app/shop-abcde/auth/providers/local-userpass/login").await;
    asked.json(200, session("user-2", "2"));
    login.await.unwrap().unwrap();
    let ids = network.stored.lock().unwrap()["app(shop-abcde):userIds"].clone();
    assert_eq!(ids, "[\"user-2\",\"user-1\",\"user-3\"]");
}

#[tokio::test]
async fn a_session_that_another_tab_opened_anew_is_taken_over_instead_of_ended() {
    let (_client, user, mut network) = logged_in().await;
    for (name, value) in [("accessToken", "access-9"), ("refreshToken", "refresh-9")] {
        network.stored.lock().unwrap().insert(format!("app(shop-abcde):user(user-1):{name}"), value.into());
    }
    let refreshing = spawn(user.clone(), |user| async move { user.refresh_access_token().await });
    network.expect_refresh("refresh-9").await.json(201, json!({ "access_token": "access-10" }));
    refreshing.await.unwrap().unwrap();
    assert_eq!((access(&user), refresh(&user)), (Some("access-10"), Some("refresh-9")));
    assert_eq!(user.state(), UserState::Active);
}

#[tokio::test]
async fn a_storage_that_fails_at_logout_still_logs_out_here() {
    let (_client, user, mut network) = logged_in().await;
    *network.full.lock().unwrap() = true;
    let leaving = spawn(user.clone(), |user| async move { user.log_out().await });
    network.expect("DELETE /auth/session").await.body(204, Body::Empty);
    leaving.await.unwrap().unwrap();
    assert_eq!(user.state(), UserState::LoggedOut);
    assert_eq!(user.refresh_access_token().await, Err(Error::LoggedOut));
}
