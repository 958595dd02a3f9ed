//! `GET /auth/profile`, protocol §1.6 and §2.4.

use crate::support::{APP, TestServer, Tokens, app_folder, jwt, provider};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

const SECRET: &str = "a secret for custom tokens of 32+ characters";

fn is_id(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 24 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

async fn profile(server: &TestServer, session: &Tokens) -> Value {
    let answer = server.get("/auth/profile", &session.access).await;
    answer.expect(StatusCode::OK);
    answer.body
}

/// The quickstart with a custom-token provider that takes over two claims.
async fn start_with_metadata() -> TestServer {
    let folder = Arc::new(TempDir::new().unwrap());
    let metadata = json!({
        "secret_config": {"signingKeys": ["customTokenKey"]},
        "config": {"signingAlgorithm": "HS256"},
        "metadata_fields": [
            {"required": false, "name": "email", "field_name": "email"},
            {"required": false, "name": "user.job", "field_name": "occupation"},
        ],
    });
    let providers = [
        provider("custom-token", metadata),
        provider("local-userpass", json!({"config": {"autoConfirm": true}})),
        provider("api-key", json!({})),
    ];
    let source = app_folder(folder.path(), APP, &Value::Object(providers.into_iter().collect()), json!({}));
    TestServer::start_in(folder, |settings| {
        settings.secrets = crate::support::secrets(&[("customTokenKey", SECRET)]);
        settings.apps = vec![source];
    })
    .await
}

fn custom_token(server: &TestServer, mut claims: Value) -> Value {
    claims["aud"] = json!(APP);
    claims["exp"] = json!(server.state.clock.now().unix_seconds() + 600);
    json!({"token": jwt::hs256(SECRET, &claims)})
}

#[tokio::test]
async fn the_profile_of_an_email_user_has_exactly_the_documented_members() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let profile = profile(&server, &user).await;
    let identity = &profile["identities"][0];
    assert!(is_id(&identity["id"]) && is_id(&identity["provider_id"]));
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let expected = json!({
        "user_id": user.user_id,
        "domain_id": app.ids.domain_id,
        "identities": [{
            "id": identity["id"],
            "provider_type": "local-userpass",
            "provider_id": identity["provider_id"],
            "provider_data": {"email": "a@example.com"},
        }],
        "data": {"email": "a@example.com"},
        "type": "normal",
    });
    assert_eq!(profile, expected);
}

#[tokio::test]
async fn the_profile_of_an_anonymous_user_has_no_data_but_all_members() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let profile = profile(&server, &user).await;
    assert_eq!((&profile["data"], &profile["type"]), (&json!({}), &json!("normal")));
    let identity = &profile["identities"][0];
    assert_eq!(profile["identities"].as_array().unwrap().len(), 1);
    assert!(identity["provider_type"] == json!("anon-user") && is_id(&identity["provider_id"]));
    let (id, letters) = identity["id"].as_str().unwrap().split_once('-').unwrap();
    assert!(is_id(&json!(id)));
    assert!(letters.len() == 24 && letters.bytes().all(|b| b.is_ascii_lowercase()), "{letters}");
}

#[tokio::test]
async fn each_provider_has_an_id_of_its_own_that_all_users_share() {
    let server = TestServer::start().await;
    let first = server.new_user("a@example.com").await;
    let (key_id, key) = server.new_key(&first, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let second = server.new_user("b@example.com").await;
    let first = profile(&server, &by_key).await;
    let second = profile(&server, &second).await;
    let [email, by_key] = [0, 1].map(|index| &first["identities"][index]);
    assert_eq!(email["provider_id"], second["identities"][0]["provider_id"]);
    assert_ne!(email["provider_id"], by_key["provider_id"]);
    assert!(is_id(&by_key["provider_id"]) && by_key["id"] == json!(key_id));
    assert_eq!(first["type"], json!("normal"), "a user who uses a key of theirs stays who they are");
}

#[tokio::test]
async fn the_name_of_a_key_is_data_once_the_key_was_used() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "my-key").await;
    assert_eq!(profile(&server, &user).await["data"], json!({"email": "a@example.com"}));
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
    let data = profile(&server, &user).await["data"].clone();
    assert_eq!(data, json!({"email": "a@example.com", "name": "my-key"}));
}

#[tokio::test]
async fn data_is_merged_from_all_identities_and_has_the_mapped_claims_only() {
    let server = start_with_metadata().await;
    let claims = json!({"sub": "1", "email": "jwt@example.com", "user": {"job": "cook"}, "secret": "x"});
    let user = server.log_in("custom-token", custom_token(&server, claims)).await.tokens();
    let before = profile(&server, &user).await;
    assert_eq!(before["data"], json!({"email": "jwt@example.com", "occupation": "cook"}));
    assert_eq!(before["identities"][0]["id"], json!("1"));

    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let credentials = json!({"username": "a@example.com", "password": crate::support::PASSWORD});
    server.link(&user.access, "local-userpass", credentials).await.expect(StatusCode::OK);
    let after = profile(&server, &user).await;
    assert_eq!(after["data"], json!({"email": "jwt@example.com", "occupation": "cook"}));
    assert_eq!(after["identities"][1]["provider_data"], json!({"email": "a@example.com"}));
}

#[tokio::test]
async fn every_login_with_a_custom_token_brings_the_data_up_to_date() {
    let server = start_with_metadata().await;
    let claims = json!({"sub": "1", "email": "old@example.com", "user": {"job": "cook"}});
    let first = server.log_in("custom-token", custom_token(&server, claims)).await.tokens();
    let claims = json!({"sub": "1", "email": "new@example.com"});
    let second = server.log_in("custom-token", custom_token(&server, claims)).await.tokens();
    assert_eq!(first.user_id, second.user_id);
    assert_eq!(profile(&server, &first).await["data"], json!({"email": "new@example.com"}));
}
