//! Servers that are not Keystead, or not well: a typed error each time, no loop, no lost login.

use crate::support::{Scripted, Value, client, logged_in, session, spawn};
use keystead_client_core::{Body, Client, Error, Operation, User};
use serde_json::json;
use tokio::task::JoinHandle;

fn fetch_keys(client: &Client<Scripted>, user: &User<Scripted>) -> JoinHandle<Result<Value, Error>> {
    spawn((client.clone(), user.clone()), |(client, user)| async move {
        client.execute(Operation::FetchApiKeys, Some(&user)).await
    })
}

fn html() -> Body<Value> {
    Body::Other { content_type: "text/html".into() }
}

#[tokio::test]
async fn what_is_not_json_is_an_error_with_a_sentence() {
    let (client, user, mut network) = logged_in().await;
    for (body, sentence) in [
        (
            html(),
            "Expected JSON response, got \"text/html\" from http://server.example/api/client/v2.0/auth/api_keys",
        ),
        (
            Body::Malformed,
            "The JSON that http://server.example/api/client/v2.0/auth/api_keys answered is cut off or malformed",
        ),
    ] {
        let outcome = fetch_keys(&client, &user);
        network.expect("GET /auth/api_keys").await.body(200, body);
        let error = outcome.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::UnexpectedAnswer(_)));
        assert_eq!(error.to_string(), sentence);
    }
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn a_failure_without_a_protocol_body_still_names_the_request() {
    let (client, user, mut network) = logged_in().await;
    for body in [html(), Body::Malformed, Body::Empty, Body::Json(Value(json!("oh")))] {
        let outcome = fetch_keys(&client, &user);
        network.expect("GET /auth/api_keys").await.body(502, body);
        let error = outcome.await.unwrap().unwrap_err();
        assert_eq!(error.status(), Some(502));
        assert_eq!(
            error.to_string(),
            "Request failed (GET http://server.example/api/client/v2.0/auth/api_keys): (status 502 Because)"
        );
    }
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn a_401_that_is_not_the_protocols_logs_nobody_out_and_refreshes_nothing() {
    let (client, user, mut network) = logged_in().await;
    for body in [html(), Body::Empty, Body::Json(Value(json!({ "message": "who are you?" })))] {
        let outcome = fetch_keys(&client, &user);
        network.expect("GET /auth/api_keys").await.body(401, body);
        assert_eq!(outcome.await.unwrap().unwrap_err().status(), Some(401));
    }
    assert!(user.is_logged_in());
    network.expect_silence();
}

#[tokio::test]
async fn no_answer_says_which_request_got_none() {
    let (client, user, mut network) = logged_in().await;
    let outcome = fetch_keys(&client, &user);
    network.expect("GET /auth/api_keys").await.no_answer("connection refused");
    assert_eq!(
        outcome.await.unwrap().unwrap_err().to_string(),
        "Request failed (GET http://server.example/api/client/v2.0/auth/api_keys): no answer: connection refused"
    );
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn a_login_that_lacks_a_member_logs_nobody_in() {
    for missing in ["user_id", "access_token", "refresh_token"] {
        let (client, mut network) = client();
        let login = log_in(&client);
        network.expect_location().await;
        let mut answer = session("user-1", "1");
        answer.as_object_mut().unwrap().remove(missing);
        network.expect("POST /app/shop-abcde/auth/providers/anon-user/login").await.json(200, answer);
        let error = login.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), format!("Expected '{missing}' in the response to be text"));
        assert!(client.current_user().is_none());
    }
}

#[tokio::test]
async fn a_profile_that_lacks_a_member_is_an_error_and_the_old_one_stays() {
    let (_client, user, mut network) = logged_in().await;
    for answer in
        [json!({}), json!({ "type": "normal", "identities": {}, "data": {} }), json!(null), json!([])]
    {
        let refreshing = spawn(user.clone(), |user| async move { user.refresh_profile().await });
        network.expect("GET /auth/profile").await.json(200, answer);
        assert!(matches!(refreshing.await.unwrap(), Err(Error::UnexpectedAnswer(_))));
    }
    assert!(user.profile().is_none());
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn the_location_is_asked_once_followed_and_asked_again_after_a_failure() {
    let (client, mut network) = client();
    let failing = log_in(&client);
    network.expect("GET /app/shop-abcde/location").await.body(500, html());
    assert_eq!(failing.await.unwrap().unwrap_err().status(), Some(500));

    let logins: Vec<_> = (0..3).map(|_| log_in(&client)).collect();
    let asked = network.expect("GET /app/shop-abcde/location").await;
    asked.json(200, json!({ "hostname": "https://eu.server.example/" }));
    for login in logins {
        let asked = network
            .expect("POST https://eu.server.example/app/shop-abcde/auth/providers/anon-user/login")
            .await;
        asked.json(200, session("user-1", "1"));
        login.await.unwrap().unwrap();
    }
    network.expect_silence();
}

#[tokio::test]
async fn a_location_that_names_no_url_is_not_followed() {
    let (client, mut network) = client();
    for answer in
        [json!({}), json!({ "hostname": 7 }), json!({ "hostname": "javascript:alert(1)" }), json!(null)]
    {
        let login = log_in(&client);
        network.expect("GET /app/shop-abcde/location").await.json(200, answer);
        assert!(matches!(login.await.unwrap(), Err(Error::UnexpectedAnswer(_))));
    }
}

fn log_in(client: &Client<Scripted>) -> JoinHandle<Result<(), Error>> {
    let guest = crate::support::credentials("anon-user", json!({}));
    spawn(client.clone(), |client| async move { client.log_in(guest, false).await.map(|_| ()) })
}
