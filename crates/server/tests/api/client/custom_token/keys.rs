//! Who may sign.

use super::{ISSUER, SECRET, STRANGER, assert_refused, claims, hs256_provider, log_in, start, start_with};
use crate::support::TestServer;
use crate::support::jwt::{compose, hmac_sha256, hs256};
use reqwest::{Method, StatusCode};
use serde_json::json;

const SECOND: &str = "another_secret_of_the_same_length_";
const THIRD: &str = "and_a_third_one_with_enough_characters";

#[tokio::test]
async fn the_same_subject_is_the_same_user() {
    let server = start(hs256_provider()).await;
    let first = log_in(&server, &hs256(SECRET, &claims(&server, "user-1"))).await.tokens();
    let again = log_in(&server, &hs256(SECRET, &claims(&server, "user-1"))).await.tokens();
    let other = log_in(&server, &hs256(SECRET, &claims(&server, "user-2"))).await.tokens();
    assert_eq!(first.user_id, again.user_id);
    assert_ne!(first.user_id, other.user_id);
    let profile = server.get("/auth/profile", &again.access).await.body;
    assert_eq!(profile["identities"][0]["id"], "user-1");
    assert_eq!(profile["identities"][0]["provider_type"], "custom-token");
    assert_eq!(profile["identities"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_disabled_user_is_refused_and_a_deleted_one_comes_back_as_somebody_else() {
    let server = start(hs256_provider()).await;
    let token = hs256(SECRET, &claims(&server, "user-1"));
    let user = log_in(&server, &token).await.tokens();
    let disable = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &disable, None).await.expect(StatusCode::NO_CONTENT);
    log_in(&server, &token).await.expect_error(401, "UserDisabled", "user disabled");
    let delete = format!("/{}", user.user_id);
    server.administer(Method::DELETE, &delete, None).await.expect(StatusCode::NO_CONTENT);
    assert_ne!(log_in(&server, &token).await.tokens().user_id, user.user_id);
}

#[tokio::test]
async fn any_of_several_secrets_may_sign() {
    let custom_token = json!({
        "config": {"signingAlgorithm": "HS256"},
        "secret_config": {"signingKeys": ["first", "second", "third"]},
    });
    let values = [("first", SECRET), ("second", SECOND), ("third", THIRD)];
    let server = start_with(custom_token, &values, |_| {}).await;
    for secret in [SECRET, SECOND, THIRD] {
        log_in(&server, &hs256(secret, &claims(&server, "user-1"))).await.tokens();
    }
    let foreign = hs256("a_secret_that_nobody_configured_here", &claims(&server, "user-1"));
    assert_refused(&log_in(&server, &foreign).await);
}

#[tokio::test]
async fn a_single_secret_may_be_named_as_old_exports_do() {
    let custom_token = json!({"config": {}, "secret_config": {"signingKeys": "first"}});
    let server = start(custom_token).await;
    log_in(&server, &hs256(SECRET, &claims(&server, "user-1"))).await.tokens();
}

#[tokio::test]
async fn a_public_key_in_pem_form_verifies_rs256() {
    let custom_token = json!({
        "config": {"signingAlgorithm": "RS256"}, "secret_config": {"signingKeys": ["first"]},
    });
    let pem = ISSUER.public_pem();
    let server = start_with(custom_token, &[("first", &pem)], |_| {}).await;
    let claims = claims(&server, "user-1");
    log_in(&server, &ISSUER.token(None, &claims)).await.tokens();
    log_in(&server, &ISSUER.token(Some("any"), &claims)).await.tokens();
    assert_refused(&log_in(&server, &STRANGER.token(None, &claims)).await);
    // Whoever may read a public key must not be able to sign with it as if it were a shared secret.
    assert_refused(&log_in(&server, &hs256(&pem, &claims)).await);
    let lying = compose(&json!({"alg": "RS256"}), &claims, |signed| hmac_sha256(&pem, signed));
    assert_refused(&log_in(&server, &lying).await);
}

#[tokio::test]
async fn without_its_secret_the_provider_is_off() {
    let server = start_with(hs256_provider(), &[], |_| {}).await;
    for token in [hs256("", &claims(&server, "user-1")), hs256(SECRET, &claims(&server, "user-1"))] {
        let answer = log_in(&server, &token).await;
        answer.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(answer.body["error_code"], "AuthProviderNotFound");
        assert!(answer.body["error"].as_str().unwrap().contains("unauthorized"));
    }
}

#[tokio::test]
async fn the_quickstart_takes_custom_tokens_once_its_secret_is_set() {
    let off = TestServer::start().await;
    let answer = log_in(&off, &hs256(SECRET, &claims(&off, "user-1"))).await;
    answer.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(answer.body["error_code"], "AuthProviderNotFound");
    let on = TestServer::start_with(|settings| {
        settings.secrets = crate::support::secrets(&[("customTokenKey", SECRET)]);
    })
    .await;
    log_in(&on, &hs256(SECRET, &claims(&on, "user-1"))).await.tokens();
}
