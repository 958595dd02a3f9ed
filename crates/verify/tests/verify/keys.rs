//! When keys are fetched: once, again when there may be new ones, and never as often as somebody likes.

use crate::{builder, log_in};
use keystead_dev_server::{APP_ID, DevServer, Proxy};
use keystead_server::domain::signing_keys;
use keystead_verify::{Refusal, Verifier, VerifyError};
use std::time::Duration;

const FETCH: &str = "GET /api/client/v2.0/app/quickstart-abcde/.well-known/jwks.json";

/// A verifier whose fetches can be counted.
async fn start() -> (DevServer, Proxy, Verifier) {
    let server = DevServer::start().await;
    let proxy = Proxy::start(&server.url).await;
    let verifier = builder(&server, &proxy.url).build().unwrap();
    (server, proxy, verifier)
}

fn pass_the_min_interval(server: &DevServer) {
    server.state.clock.advance(Duration::from_secs(11));
}

/// Many tokens at once whose keys nobody has.
async fn storm(verifier: &Verifier) {
    use base64::Engine as _;
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let header = format!(r#"{{"alg":"EdDSA","kid":"{number}"}}"#);
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            let verifier = verifier.clone();
            tokio::spawn(async move { verifier.verify(&format!("{header}.e30.AAAA")).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Err(VerifyError::Refused(Refusal::UnknownKey)));
    }
}

#[tokio::test]
async fn keys_are_fetched_once_however_many_tokens_come_first() {
    let (server, proxy, _) = start().await;
    let verifier = builder(&server, &proxy.url).min_fetch_interval(Duration::ZERO).build().unwrap();
    let (_, token) = log_in(&server).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(proxy.count(FETCH), 1);
}

#[tokio::test]
async fn a_storm_of_unknown_keys_causes_one_fetch_at_most() {
    let (server, proxy, verifier) = start().await;
    storm(&verifier).await;
    assert_eq!(proxy.count(FETCH), 1, "of somebody who knows no keys yet");
    let (_, token) = log_in(&server).await;
    verifier.verify(&token).await.unwrap();
    storm(&verifier).await;
    assert_eq!(proxy.count(FETCH), 1, "and none so soon after it");
    pass_the_min_interval(&server);
    storm(&verifier).await;
    assert_eq!(proxy.count(FETCH), 2);
}

#[tokio::test]
async fn a_new_key_is_learned_from_the_first_token_that_has_it() {
    let (server, proxy, verifier) = start().await;
    let (_, old) = log_in(&server).await;
    verifier.verify(&old).await.unwrap();
    let app = server.state.apps().by_client_app_id(APP_ID).unwrap();
    signing_keys::renew(&server.state, app.ids.app_id, true).await.unwrap();
    let (_, new) = log_in(&server).await;
    let too_soon = verifier.verify(&new).await;
    assert_eq!(too_soon, Err(VerifyError::Refused(Refusal::UnknownKey)));
    pass_the_min_interval(&server);
    verifier.verify(&new).await.unwrap();
    verifier.verify(&old).await.unwrap();
    assert_eq!(proxy.count(FETCH), 2);
}

#[tokio::test]
async fn old_keys_are_refreshed_in_the_background() {
    let (server, proxy, verifier) = start().await;
    let (_, token) = log_in(&server).await;
    verifier.verify(&token).await.unwrap();
    server.state.clock.advance(Duration::from_mins(5));
    // Nobody waits for it: the token passes while the fetch is held up.
    let gate = proxy.hold(FETCH);
    verifier.verify(&token).await.unwrap();
    proxy.wait_for(FETCH, 2).await;
    verifier.verify(&token).await.unwrap();
    gate.add_permits(1);
}

#[tokio::test]
async fn while_the_server_is_down_the_keys_at_hand_stay_in_use() {
    let server = DevServer::start().await;
    let verifier = builder(&server, &server.url).build().unwrap();
    let (_, token) = log_in(&server).await;
    verifier.verify(&token).await.unwrap();
    let state = std::sync::Arc::clone(&server.state);
    server.stop().await;
    state.clock.advance(Duration::from_mins(10));
    assert!(matches!(verifier.fetch_keys().await, Err(VerifyError::KeysUnavailable(_))));
    for _ in 0..3 {
        verifier.verify(&token).await.unwrap();
        state.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_no_refusal_and_is_asked_again_later() {
    let (server, proxy, verifier) = start().await;
    let (_, token) = log_in(&server).await;
    proxy.answer(FETCH, 502, "{}");
    for _ in 0..3 {
        let error = verifier.verify(&token).await.unwrap_err();
        assert!(matches!(&error, VerifyError::KeysUnavailable(said) if said.contains("502")), "{error}");
    }
    assert_eq!(proxy.count(FETCH), 1, "a server that is down is not asked for every token");
    proxy.answer_no_more();
    pass_the_min_interval(&server);
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_that_could_not_be_looked_for_is_no_refusal() {
    let (server, proxy, verifier) = start().await;
    let (_, token) = log_in(&server).await;
    verifier.verify(&token).await.unwrap();
    let app = server.state.apps().by_client_app_id(APP_ID).unwrap();
    signing_keys::renew(&server.state, app.ids.app_id, true).await.unwrap();
    let (_, new) = log_in(&server).await;
    pass_the_min_interval(&server);
    proxy.answer(FETCH, 500, "{}");
    assert!(matches!(verifier.verify(&new).await, Err(VerifyError::KeysUnavailable(_))));
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_no_jwk_set_is_said_so_and_an_unknown_application_too() {
    let (server, proxy, verifier) = start().await;
    let (_, token) = log_in(&server).await;
    proxy.answer(FETCH, 200, r#"{"keys": 1}"#);
    let error = verifier.verify(&token).await.unwrap_err().to_string();
    assert!(error.contains("no JWK set"), "{error}");
    let unknown = Verifier::builder("no-such-app").base_url(&server.url).build().unwrap();
    let error = unknown.fetch_keys().await.unwrap_err().to_string();
    assert!(error.contains("404"), "{error}");
}

#[tokio::test]
async fn callers_that_hang_up_do_not_cause_one_fetch_each() {
    let (server, proxy, verifier) = start().await;
    let (_, token) = log_in(&server).await;
    let gate = proxy.hold(FETCH);
    for _ in 0..5 {
        let (verifier, token) = (verifier.clone(), token.clone());
        let caller = tokio::spawn(async move { verifier.verify(&token).await });
        proxy.wait_for(FETCH, 1).await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    gate.add_permits(1);
    verifier.verify(&token).await.unwrap();
    assert_eq!(proxy.count(FETCH), 1);
}
