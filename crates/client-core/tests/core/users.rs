//! Several users of one client.

use crate::support::{client, credentials, logged_in, session, spawn};
use keystead_client_core::{Body, Client, Error, User, UserState};
use serde_json::json;

async fn two_users()
-> (Client<crate::support::Scripted>, [User<crate::support::Scripted>; 2], crate::support::Network) {
    let (client, ada, mut network) = logged_in().await;
    let key = credentials("api-key", json!({ "key": "ks_user_…" }));
    let login = spawn(client.clone(), |client| async move { client.log_in(key, false).await });
    network
        .expect("POST /app/shop-abcde/auth/providers/api-key/login")
        .await
        .json(200, session("user-2", "2"));
    let bob = login.await.unwrap().unwrap();
    (client, [ada, bob], network)
}

#[tokio::test]
async fn the_last_to_log_in_is_current_until_somebody_switches() {
    let (client, [ada, bob], _network) = two_users().await;
    assert_eq!(client.user_ids(), ["user-2", "user-1"]);
    assert_eq!(client.current_user().unwrap().id(), bob.id());
    client.switch_user(&ada).unwrap();
    assert_eq!(client.current_user().unwrap().id(), ada.id());
    assert_eq!(client.users().iter().map(User::id).collect::<Vec<_>>(), ["user-1", "user-2"]);
}

#[tokio::test]
async fn who_logs_out_leaves_the_place_to_the_next() {
    let (client, [ada, bob], mut network) = two_users().await;
    let leaving = spawn(bob.clone(), |user| async move { user.log_out().await });
    network.expect("DELETE /auth/session").await.body(204, Body::Empty);
    leaving.await.unwrap().unwrap();
    assert_eq!(client.current_user().unwrap().id(), ada.id());
    assert_eq!(bob.state(), UserState::LoggedOut);
}

#[tokio::test]
async fn a_removed_user_is_gone_even_if_the_server_is_away() {
    let (client, [ada, bob], mut network) = two_users().await;
    let removing =
        spawn((client.clone(), bob.clone()), |(client, user)| async move { client.remove_user(&user).await });
    network.expect("DELETE /auth/session").await.no_answer("no network");
    assert!(matches!(removing.await.unwrap(), Err(Error::Unreachable(_))));
    assert_eq!(bob.state(), UserState::Removed);
    assert_eq!(client.user_ids(), ["user-1"]);
    let stored = network.stored.lock().unwrap().clone();
    assert!(!stored.keys().any(|key| key.contains("user(user-2)")), "{stored:?}");
    assert_eq!(client.switch_user(&bob), Err(Error::Usage("The user was never logged into this app")));
    assert_eq!(ada.state(), UserState::Active);
}

#[tokio::test]
async fn a_user_of_another_client_is_refused_before_anything_is_sent() {
    let (_, [_, stranger], _other) = two_users().await;
    let (client, mut network) = client();
    let removing = spawn((client, stranger), |(client, user)| async move { client.remove_user(&user).await });
    assert!(matches!(removing.await.unwrap(), Err(Error::Usage(_))));
    network.expect_silence();
}
