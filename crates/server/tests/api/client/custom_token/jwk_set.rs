//! Keys fetched from a JWK set URI: guarded, kept, and fetched again with restraint.

use super::{ISSUER, STRANGER, assert_refused, claims, log_in, start_with};
use crate::support::{Answer, TestServer};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const KEY_ID: &str = "key-1";
const HERE: [&str; 1] = ["127.0.0.1"];

/// An issuer's web server, which counts what is asked of it.
struct KeyServer {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(answer: fn(&str) -> Response) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let handler = move |uri: Uri| {
            counter.fetch_add(1, Ordering::SeqCst);
            std::future::ready(answer(uri.path()))
        };
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(handler)).await });
        Self { url, requests }
    }

    /// How often it was asked.
    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// A server that trusts the keys at this path.
    async fn trusted_by(&self, path: &str, allowed: &[&str]) -> TestServer {
        trusting(&format!("{}{path}", self.url), allowed).await
    }
}

/// A server that trusts the keys at this address, and may reach what is `allowed`.
async fn trusting(url: &str, allowed: &[&str]) -> TestServer {
    let config = json!({"signingAlgorithm": "RS256", "useJWKURI": true, "jwkURI": url});
    start_with(json!({"config": config}), &[], |settings| {
        settings.outbound_allow = allowed.iter().map(|target| target.parse().unwrap()).collect();
    })
    .await
}

fn key_set() -> Response {
    let elliptic = json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"});
    axum::Json(json!({"keys": [elliptic, ISSUER.jwk(KEY_ID)]})).into_response()
}

fn good_token(server: &TestServer) -> String {
    ISSUER.token(Some(KEY_ID), &claims(server, "user-1"))
}

#[track_caller]
fn assert_no_login(answer: &Answer) {
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{answer:?}");
    assert_eq!(answer.body.get("access_token"), None::<&Value>);
}

#[tokio::test]
async fn a_key_of_the_set_verifies_tokens_and_is_fetched_once() {
    let issuer = KeyServer::start(|_| key_set()).await;
    let server = issuer.trusted_by("/jwks.json", &HERE).await;
    assert_eq!(issuer.requests(), 0);
    let first = log_in(&server, &good_token(&server)).await.tokens();
    let again = log_in(&server, &good_token(&server)).await.tokens();
    assert_eq!(first.user_id, again.user_id);
    let without_key_id = ISSUER.token(None, &claims(&server, "user-1"));
    log_in(&server, &without_key_id).await.tokens();
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn logins_at_once_share_one_fetch() {
    let issuer = KeyServer::start(|_| key_set()).await;
    let server = issuer.trusted_by("/jwks.json", &HERE).await;
    let token = good_token(&server);
    for answer in join_all((0..8).map(|_| log_in(&server, &token))).await {
        answer.tokens();
    }
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn a_token_that_no_key_of_the_set_signed_is_refused() {
    let issuer = KeyServer::start(|_| key_set()).await;
    let server = issuer.trusted_by("/jwks.json", &HERE).await;
    for key_id in [None, Some(KEY_ID), Some("ec")] {
        let token = STRANGER.token(key_id, &claims(&server, "user-1"));
        assert_refused(&log_in(&server, &token).await);
    }
}

/// Otherwise anybody could make this server hammer the issuer's.
#[tokio::test]
async fn tokens_with_unknown_key_ids_do_not_make_the_set_be_fetched_each_time() {
    let issuer = KeyServer::start(|_| key_set()).await;
    let server = issuer.trusted_by("/jwks.json", &HERE).await;
    log_in(&server, &good_token(&server)).await.tokens();
    for index in 0..5 {
        let token = ISSUER.token(Some(&format!("unknown-{index}")), &claims(&server, "user-1"));
        assert_refused(&log_in(&server, &token).await);
    }
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn while_the_set_cannot_be_fetched_nobody_logs_in() {
    let issuer = KeyServer::start(|path| match path {
        "/down" => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "/junk" => "no JSON".into_response(),
        "/list" => axum::Json(json!([ISSUER.jwk(KEY_ID)])).into_response(),
        _ => axum::Json(json!({"keys": []})).into_response(),
    })
    .await;
    for path in ["/down", "/junk", "/list", "/empty"] {
        let server = issuer.trusted_by(path, &HERE).await;
        assert_no_login(&log_in(&server, &good_token(&server)).await);
    }
}

#[tokio::test]
async fn this_machine_is_not_asked_unless_the_operator_allows_it() {
    let issuer = KeyServer::start(|_| key_set()).await;
    for allowed in [&[][..], &["10.0.0.0/8", "::1", "localhost"]] {
        let server = issuer.trusted_by("/jwks.json", allowed).await;
        assert_no_login(&log_in(&server, &good_token(&server)).await);
    }
    assert_eq!(issuer.requests(), 0);
}

#[tokio::test]
async fn a_host_may_be_allowed_by_its_name() {
    let issuer = KeyServer::start(|_| key_set()).await;
    let url = format!("{}/jwks.json", issuer.url.replace("127.0.0.1", "localhost"));
    let server = trusting(&url, &[]).await;
    assert_no_login(&log_in(&server, &good_token(&server)).await);
    assert_eq!(issuer.requests(), 0);
    let server = trusting(&url, &["localhost"]).await;
    log_in(&server, &good_token(&server)).await.tokens();
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let issuer = KeyServer::start(|path| match path {
        "/moved" => (StatusCode::FOUND, [("location", "/jwks.json")]).into_response(),
        _ => key_set(),
    })
    .await;
    let server = issuer.trusted_by("/moved", &HERE).await;
    assert_no_login(&log_in(&server, &good_token(&server)).await);
    assert_eq!(issuer.requests(), 1);
}

#[tokio::test]
async fn an_endless_set_is_not_read_to_its_end() {
    let issuer = KeyServer::start(|_| {
        let padding = " ".repeat(1024 * 1024);
        format!("{padding}{}", json!({"keys": [ISSUER.jwk(KEY_ID)]})).into_response()
    })
    .await;
    let server = issuer.trusted_by("/jwks.json", &HERE).await;
    assert_no_login(&log_in(&server, &good_token(&server)).await);
    assert_eq!(issuer.requests(), 1);
}
