//! What is taken over from the claims into the user's data.

use super::{SECRET, assert_refused, claims, hs256_provider, log_in, start, with};
use crate::support::TestServer;
use crate::support::jwt::hs256;
use serde_json::{Value, json};

async fn start_with_fields(fields: Value) -> TestServer {
    let mut provider = hs256_provider();
    provider["metadata_fields"] = fields;
    start(provider).await
}

/// The data in the profile after a login with these claims.
async fn data_after(server: &TestServer, claims: &Value) -> Value {
    let user = log_in(server, &hs256(SECRET, claims)).await.tokens();
    server.get("/auth/profile", &user.access).await.body["data"].clone()
}

#[tokio::test]
async fn only_the_configured_fields_are_taken_over() {
    let server = start_with_fields(json!([{"required": false, "name": "secret"}])).await;
    let claims = with(with(claims(&server, "user-1"), "secret", "v"), "private", "p");
    assert_eq!(data_after(&server, &claims).await, json!({"secret": "v"}));
}

#[tokio::test]
async fn a_field_may_be_deep_in_the_claims_and_have_another_name() {
    let server = start_with_fields(json!([
        {"required": true, "name": "user_data.occupation"},
        {"required": true, "name": "my_metadata.name", "field_name": "anotherName"},
        {"required": true, "name": "https://example\\.com/claims.level", "field_name": "level"},
    ]))
    .await;
    let mut claims = claims(&server, "user-1");
    claims["user_data"] = json!({"name": "N", "occupation": "cook"});
    claims["my_metadata"] = json!({"name": "Alice"});
    claims["https://example.com/claims"] = json!({"level": {"deep": [1, 2.5, null]}});
    let data = data_after(&server, &claims).await;
    let level = json!({"deep": [1, 2.5, null]});
    assert_eq!(data, json!({"occupation": "cook", "anotherName": "Alice", "level": level}));
}

#[tokio::test]
async fn without_a_required_field_nobody_logs_in() {
    let fields = json!([
        {"required": true, "name": "user_data.occupation"}, {"required": false, "name": "hobby"},
    ]);
    let server = start_with_fields(fields).await;
    let bare = claims(&server, "user-1");
    for claims in [
        bare.clone(),
        with(bare.clone(), "user_data", json!({})),
        with(bare.clone(), "user_data", "cook"),
        with(bare.clone(), "user_data.occupation", "cook"),
    ] {
        assert_refused(&log_in(&server, &hs256(SECRET, &claims)).await);
    }
    let whole = with(bare, "user_data", json!({"occupation": "cook"}));
    assert_eq!(data_after(&server, &whole).await, json!({"occupation": "cook"}));
}

#[tokio::test]
async fn every_login_brings_the_data_up_to_date() {
    let fields = json!([{"required": false, "name": "name"}, {"required": false, "name": "hobby"}]);
    let server = start_with_fields(fields).await;
    let claims = claims(&server, "user-1");
    let first = with(with(claims.clone(), "name", "Alice"), "hobby", "chess");
    assert_eq!(data_after(&server, &first).await, json!({"name": "Alice", "hobby": "chess"}));
    let second = with(claims, "name", "Alice Cooper");
    assert_eq!(data_after(&server, &second).await, json!({"name": "Alice Cooper"}));
}

/// Protocol §6.2 counts characters.
#[tokio::test]
async fn a_value_has_at_most_4096_characters() {
    let server = start_with_fields(json!([{"required": false, "name": "name"}])).await;
    let claims = claims(&server, "user-1");
    for length in [4096, 4097] {
        for character in ["a", "ü", "\""] {
            let claims = with(claims.clone(), "name", character.repeat(length));
            let answer = log_in(&server, &hs256(SECRET, &claims)).await;
            let expected = if length > 4096 { 401 } else { 200 };
            assert_eq!(answer.status.as_u16(), expected, "{length} times {character:?}");
        }
    }
}
