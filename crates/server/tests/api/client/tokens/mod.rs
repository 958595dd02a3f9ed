//! What is in the tokens, and who can verify them; protocol §2.

mod forged;
mod rotation;

use crate::support::{APP, Answer, PASSWORD, TestServer, Tokens, claims, jwt, secrets};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystead_server::domain::tokens::Algorithm;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const CUSTOM_TOKEN_SECRET: &str = "a secret for custom tokens of 32+ characters";

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&decoded(token.split('.').next().unwrap())).unwrap()
}

async fn jwk_set(server: &TestServer) -> Vec<Value> {
    let url = server.client_url(&format!("/app/{APP}/.well-known/jwks.json"));
    let answer = Answer::of(server.request(Method::GET, &url)).await;
    answer.expect(StatusCode::OK);
    answer.body["keys"].as_array().unwrap().clone()
}

/// What a service does that was given nothing but the JWK set.
fn verifies_offline(keys: &[Value], token: &str) -> bool {
    let key_id = &header(token)["kid"];
    let Some(key) = keys.iter().find(|key| key["kid"] == *key_id) else { return false };
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let public = decoded(key["x"].as_str().unwrap());
    UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &decoded(signature)).is_ok()
}

/// The claims without Keystead's own, which no SDK reads.
fn protocol_claims(token: &str) -> Value {
    let mut all = claims(token);
    all.as_object_mut().unwrap().retain(|name, _| !name.starts_with("ks_"));
    all
}

async fn log_in_with_device(server: &TestServer, key: &str) -> Tokens {
    server.log_in("api-key", json!({"key": key, "options": {"device": {"sdk": "js"}}})).await.tokens()
}

#[tokio::test]
async fn an_access_token_has_the_claims_of_the_protocol_under_both_names() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let tokens = log_in_with_device(&server, &key).await;
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let found = claims(&tokens.access);
    let iat = found["iat"].as_i64().unwrap();
    let expected = json!({
        "baas_device_id": tokens.device_id, "stitch_devId": tokens.device_id,
        "baas_domain_id": app.ids.domain_id, "stitch_domainId": app.ids.domain_id,
        "iat": iat, "exp": iat + 1800,
        "iss": claims(&tokens.refresh)["baas_id"],
        "sub": user.user_id, "typ": "access",
    });
    assert_eq!(protocol_claims(&tokens.access), expected);
    assert_ne!(json!(app.ids.app_id), json!(app.ids.domain_id));
}

#[tokio::test]
async fn a_refresh_token_has_the_claims_of_the_protocol_under_both_names() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (key_id, key) = server.new_key(&user, "one").await;
    let tokens = log_in_with_device(&server, &key).await;
    let profile = server.get("/auth/profile", &tokens.access).await;
    let provider_id = &profile.body["identities"][1]["provider_id"];
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let found = claims(&tokens.refresh);
    let iat = found["iat"].as_i64().unwrap();
    let identity = json!({"id": key_id, "provider_type": "api-key", "provider_id": provider_id});
    let expected = json!({
        "baas_data": null, "stitch_data": null,
        "baas_device_id": tokens.device_id, "stitch_devId": tokens.device_id,
        "baas_domain_id": app.ids.domain_id, "stitch_domainId": app.ids.domain_id,
        "baas_id": claims(&tokens.access)["iss"], "stitch_id": claims(&tokens.access)["iss"],
        "baas_identity": identity, "stitch_ident": identity,
        "iat": iat, "exp": iat + 60 * 24 * 3600,
        "sub": user.user_id, "typ": "refresh",
    });
    assert_eq!(protocol_claims(&tokens.refresh), expected);
}

#[tokio::test]
async fn no_token_carries_user_data_and_each_login_is_a_session_of_its_own() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let mut sessions =
        vec![user, server.new_anonymous().await, server.log_in_by_email("a@example.com").await];
    for _ in 0..2 {
        sessions.push(server.log_in_by_key(&key).await.tokens());
    }
    let mut ids: Vec<_> = sessions.iter().map(|session| claims(&session.access)["iss"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), sessions.len());
    for token in sessions.iter().flat_map(|session| [&session.access, &session.refresh]) {
        let found = claims(token);
        assert!(found.get("user_data").is_none());
        assert!(found["exp"].is_i64() && found["iat"].is_i64(), "realm-core takes nothing but integers");
        assert!(!token.contains(['=', '+', '/']) && token.split('.').count() == 3);
    }
}

#[tokio::test]
async fn the_identity_of_a_login_is_in_its_token_whatever_characters_it_has() {
    let server = TestServer::start_with(|settings| {
        settings.secrets = secrets(&[("customTokenKey", CUSTOM_TOKEN_SECRET)]);
    })
    .await;
    for subject in ["plain-1", "quote\"back\\slash", "new\nline\u{1}", "ünï|cödé", "</script>"] {
        let exp = server.state.clock.now().unix_seconds() + 600;
        let token = jwt::hs256(CUSTOM_TOKEN_SECRET, &json!({"sub": subject, "aud": APP, "exp": exp}));
        let tokens = server.log_in("custom-token", json!({"token": token})).await.tokens();
        assert_eq!(claims(&tokens.refresh)["baas_identity"]["id"], json!(subject));
        assert_eq!(claims(&tokens.refresh)["stitch_ident"]["id"], json!(subject));
        assert!(server.is_alive(&tokens).await);
    }
}

#[tokio::test]
async fn anybody_verifies_access_tokens_with_the_published_keys() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let keys = jwk_set(&server).await;
    assert_eq!(keys.len(), 1);
    for (member, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
        assert_eq!(keys[0][member], json!(value));
    }
    assert!(keys[0].get("d").is_none(), "the private key stays private");
    for session in [user, server.log_in_by_key(&key).await.tokens()] {
        assert_eq!(header(&session.access)["alg"], json!("EdDSA"));
        assert_eq!(header(&session.access)["typ"], json!("JWT"));
        assert!(verifies_offline(&keys, &session.access));
        assert_eq!(header(&session.refresh)["alg"], json!("HS256"));
        assert!(!verifies_offline(&keys, &session.refresh), "only Keystead reads refresh tokens");
    }
}

#[tokio::test]
async fn with_the_setting_access_tokens_are_signed_by_a_shared_secret() {
    let secret = b"shared with a service that knows HS256 only".to_vec();
    let shared = Arc::new(zeroize::Zeroizing::new(secret.clone()));
    let server = TestServer::start_with(|settings| {
        settings.key_policy.access_algorithm = Algorithm::Hs256;
        settings.key_policy.shared_secret = Some(shared);
    })
    .await;
    let user = server.new_user("a@example.com").await;
    assert_eq!(header(&user.access)["alg"], json!("HS256"));
    let (signed, signature) = user.access.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    assert!(hmac::verify(&key, signed.as_bytes(), &decoded(signature)).is_ok());
    assert!(server.is_alive(&user).await);
    assert_eq!(jwk_set(&server).await, [Value::Null; 0], "a shared secret is not published");
    let as_refresh = jwt::compose(&header(&user.access), &claims(&user.refresh), |signed| {
        hmac::sign(&key, signed).as_ref().to_vec()
    });
    let refused = server.call(Method::POST, "/auth/session", Some(&as_refresh), None).await;
    refused.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn changing_the_algorithm_logs_nobody_out() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let folder = server.stop().await;
    let change = |settings: &mut keystead_server::settings::Settings| {
        settings.key_policy.access_algorithm = Algorithm::Hs256;
    };
    let server = TestServer::start_in(folder, change).await;
    assert!(server.is_alive(&user).await);
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    let again = server.log_in("local-userpass", credentials).await.tokens();
    assert_eq!(header(&again.access)["alg"], json!("HS256"));
    assert!(server.is_alive(&again).await);
}
