//! Access tokens that are refused: one refresh, one retry, never a loop.

use crate::support::{Scripted, Value, access, logged_in, refresh, refusal, spawn};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystead_client_core::{Body, Client, Error, Operation, User, UserState};
use serde_json::json;
use tokio::task::JoinHandle;

const EXPIRED: (u16, &str, &str) = (401, "InvalidSession", "invalid session: access token expired");

/// A call with the access token, in the background.
fn calling(client: &Client<Scripted>, user: &User<Scripted>) -> JoinHandle<Result<Value, Error>> {
    spawn((client.clone(), user.clone()), |(client, user)| async move {
        let operation = Operation::CallFunction { name: "sum".into(), arguments: Value(json!([])) };
        client.execute(operation, Some(&user)).await
    })
}

#[tokio::test]
async fn an_expired_token_is_replaced_and_the_call_repeated_once() {
    let (client, user, mut network) = logged_in().await;
    let calling = calling(&client, &user);
    network.expect("POST /app/shop-abcde/functions/call").await.refuse(EXPIRED.0, EXPIRED.1, EXPIRED.2);
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    let again = network.expect("POST /app/shop-abcde/functions/call").await;
    assert_eq!(again.bearer.as_deref(), Some("access-2"));
    again.json(200, json!({ "$numberInt": "3" }));
    assert_eq!(calling.await.unwrap().unwrap().0, json!({ "$numberInt": "3" }));
    assert_eq!((access(&user), refresh(&user)), (Some("access-2"), Some("refresh-1")));
    network.expect_silence();
}

#[tokio::test]
async fn a_token_that_stays_refused_is_not_asked_for_again() {
    let (client, user, mut network) = logged_in().await;
    let calling = calling(&client, &user);
    network.expect("POST /app/shop-abcde/functions/call").await.refuse(401, "AuthError", "unauthorized");
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    network.expect("POST /app/shop-abcde/functions/call").await.refuse(401, "AuthError", "unauthorized");
    assert_eq!(refusal(calling.await.unwrap()), (401, "AuthError".into()));
    assert!(user.is_logged_in(), "only the refresh token's refusal ends a session");
    network.expect_silence();
}

#[tokio::test]
async fn however_many_calls_wait_one_refresh_is_sent() {
    let (client, user, mut network) = logged_in().await;
    let calls: Vec<_> = (0..10).map(|_| calling(&client, &user)).collect();
    for _ in 0..10 {
        network.expect("POST /app/shop-abcde/functions/call").await.refuse(EXPIRED.0, EXPIRED.1, EXPIRED.2);
    }
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    for _ in 0..10 {
        let again = network.expect("POST /app/shop-abcde/functions/call").await;
        assert_eq!(again.bearer.as_deref(), Some("access-2"));
        again.json(200, json!(null));
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    network.expect_silence();
}

#[tokio::test]
async fn a_call_refused_with_the_old_token_after_a_refresh_uses_the_new_one() {
    let (client, user, mut network) = logged_in().await;
    let slow = calling(&client, &user);
    let held = network.expect("POST /app/shop-abcde/functions/call").await;
    let refreshing = spawn(user.clone(), |user| async move { user.refresh_access_token().await });
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    refreshing.await.unwrap().unwrap();
    held.refuse(EXPIRED.0, EXPIRED.1, EXPIRED.2);
    let again = network.expect("POST /app/shop-abcde/functions/call").await;
    assert_eq!(again.bearer.as_deref(), Some("access-2"));
    again.json(200, json!(null));
    slow.await.unwrap().unwrap();
    network.expect_silence();
}

#[tokio::test]
async fn a_cancelled_refresh_is_taken_over_by_who_waits() {
    let (_client, user, mut network) = logged_in().await;
    let first = spawn(user.clone(), |user| async move { user.refresh_access_token().await });
    let abandoned = network.expect_refresh("refresh-1").await;
    let second = spawn(user.clone(), |user| async move { user.refresh_access_token().await });
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    second.await.unwrap().unwrap();
    abandoned.json(201, json!({ "access_token": "access-of-nobody" }));
    assert_eq!(access(&user), Some("access-2"));
}

#[tokio::test]
async fn a_refused_refresh_logs_out_and_every_waiting_call_says_so() {
    let (client, user, mut network) = logged_in().await;
    let calls: Vec<_> = (0..3).map(|_| calling(&client, &user)).collect();
    for _ in 0..3 {
        network.expect("POST /app/shop-abcde/functions/call").await.refuse(EXPIRED.0, EXPIRED.1, EXPIRED.2);
    }
    let refused = network.expect_refresh("refresh-1").await;
    refused.refuse(401, "InvalidSession", "invalid session: failed to find refresh token");
    for call in calls {
        assert_eq!(refusal(call.await.unwrap()), (401, "InvalidSession".into()));
    }
    assert_eq!(user.state(), UserState::LoggedOut);
    assert!(client.current_user().is_none());
    let after = calling(&client, &user);
    assert_eq!(after.await.unwrap(), Err(Error::LoggedOut));
    network.expect_silence();
}

#[tokio::test]
async fn a_refresh_that_fails_otherwise_logs_nobody_out() {
    let (client, user, mut network) = logged_in().await;
    for status in [0, 401, 429, 500, 503] {
        let calling = calling(&client, &user);
        network.expect("POST /app/shop-abcde/functions/call").await.refuse(EXPIRED.0, EXPIRED.1, EXPIRED.2);
        let asked = network.expect_refresh("refresh-1").await;
        if status == 0 {
            asked.no_answer("connection reset");
        } else {
            // Without the protocol's words: what a proxy in between might say.
            asked.body(status, Body::Empty);
        }
        calling.await.unwrap().unwrap_err();
        assert!(user.is_logged_in(), "after {status}");
    }
}

#[tokio::test]
async fn who_logs_out_during_a_refresh_stays_logged_out() {
    let (_client, user, mut network) = logged_in().await;
    let refreshing = spawn(user.clone(), |user| async move { user.refresh_access_token().await });
    let held = network.expect_refresh("refresh-1").await;
    let leaving = spawn(user.clone(), |user| async move { user.log_out().await });
    network.expect("DELETE /auth/session").await.body(204, Body::Empty);
    leaving.await.unwrap().unwrap();
    held.json(201, json!({ "access_token": "access-2" }));
    assert_eq!(refreshing.await.unwrap(), Err(Error::LoggedOut));
    assert_eq!((access(&user), refresh(&user)), (None, None));
    assert_eq!(user.state(), UserState::LoggedOut);
    let stored = network.stored.lock().unwrap();
    assert!(
        !stored.values().any(|value| value.contains("access") || value.contains("refresh-")),
        "{stored:?}"
    );
}

#[tokio::test]
async fn no_clock_is_asked_so_a_wrong_one_refreshes_nothing() {
    let (client, user, mut network) = logged_in().await;
    // A token that expired in 1970, and one that has not been issued yet, by this machine's clock.
    for claims in
        [json!({ "exp": 1, "iat": 0 }), json!({ "exp": 32_503_680_000_u64, "iat": 32_503_678_200_u64 })]
    {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = format!("e30.{payload}.c2ln");
        user.set_tokens(Some(token[..].into()), Some("refresh-1".into())).unwrap();
        let calling = calling(&client, &user);
        let asked = network.expect("POST /app/shop-abcde/functions/call").await;
        assert_eq!(asked.bearer.as_deref(), Some(&token[..]));
        asked.json(200, json!(null));
        calling.await.unwrap().unwrap();
        assert_eq!(user.claims().unwrap().0, claims);
    }
    network.expect_silence();
}

#[tokio::test]
async fn a_missing_access_token_is_fetched_before_anything_is_sent() {
    let (client, user, mut network) = logged_in().await;
    user.set_tokens(None, Some("refresh-1".into())).unwrap();
    let calling = calling(&client, &user);
    network.expect_refresh("refresh-1").await.json(201, json!({ "access_token": "access-2" }));
    network.expect("POST /app/shop-abcde/functions/call").await.json(200, json!(null));
    calling.await.unwrap().unwrap();
    network.expect_silence();
}
