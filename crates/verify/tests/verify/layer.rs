//! The layer around an axum service, over real HTTP.

use crate::{builder, log_in, verifier};
use axum::Router;
use axum::routing::get;
use keystead_client::reqwest::{self, Response, header::HeaderMap};
use keystead_dev_server::DevServer;
use keystead_verify::{AuthenticatedUser, Verifier};
use serde_json::Value;

async fn who(caller: AuthenticatedUser) -> String {
    caller.user_id
}

/// A service with a guarded and an open route; where it is.
async fn service(verifier: &Verifier) -> String {
    let guarded = Router::new().route("/guarded", get(who)).route_layer(verifier.layer());
    let router = guarded.route("/forgotten", get(who)).route("/open", get(|| async { "open" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn ask(url: &str, authorization: &[&str]) -> Response {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut headers = HeaderMap::new();
    for value in authorization {
        headers.append("authorization", value.parse().unwrap());
    }
    http.get(url).headers(headers).send().await.unwrap()
}

async fn json(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_good_token_reaches_the_handler_with_its_user() {
    let server = DevServer::start().await;
    let (user, token) = log_in(&server).await;
    let url = service(&verifier(&server)).await;
    for authorization in [format!("Bearer {token}"), format!("bearer  {token}")] {
        let response = ask(&format!("{url}/guarded"), &[&authorization]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.unwrap(), user.id());
    }
}

#[tokio::test]
async fn requests_without_a_token_are_told_how_to_send_one() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let url = service(&verifier(&server)).await;
    let good = format!("Bearer {token}");
    for authorization in [&[][..], &["Basic eDp5"], &["Bearer"], &["Bearer "], &[&token], &[&good, &good]] {
        let response = ask(&format!("{url}/guarded"), authorization).await;
        assert_eq!(response.status(), 401, "{authorization:?}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(json(response).await["error_code"], "MissingAuthReq");
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_with_the_reason() {
    let server = DevServer::start().await;
    let (user, token) = log_in(&server).await;
    let url = service(&verifier(&server)).await;
    let refresh = user.refresh_token().unwrap();
    for (token, sentence) in [
        (&token[..token.len() - 2], "signature is invalid"),
        ("garbage", "malformed"),
        (refresh.expose(), "not signed with EdDSA"),
    ] {
        let response = ask(&format!("{url}/guarded"), &[&format!("Bearer {token}")]).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], r#"Bearer error="invalid_token""#);
        let body = json(response).await;
        assert_eq!(body["error_code"], "InvalidSession");
        assert!(body["error"].as_str().unwrap().contains(sentence), "{body}");
    }
}

#[tokio::test]
async fn without_keys_the_answer_is_try_again_and_not_a_refusal() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let unreachable = builder(&server, "http://127.0.0.1:1").build().unwrap();
    let url = service(&unreachable).await;
    let response = ask(&format!("{url}/guarded"), &[&format!("Bearer {token}")]).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "10");
    let body = json(response).await;
    assert_eq!(body["error_code"], "KeysUnavailable");
    assert!(!body.to_string().contains("127.0.0.1"), "the caller need not know where the keys are");
}

#[tokio::test]
async fn only_what_is_behind_the_layer_is_guarded_and_a_handler_that_is_not_stays_closed() {
    let server = DevServer::start().await;
    let (_, token) = log_in(&server).await;
    let url = service(&verifier(&server)).await;
    assert_eq!(ask(&format!("{url}/open"), &[]).await.status(), 200);
    let forgotten = ask(&format!("{url}/forgotten"), &[&format!("Bearer {token}")]).await;
    assert_eq!(forgotten.status(), 500);
}
