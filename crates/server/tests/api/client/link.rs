//! Linking one more identity to a user, protocol §1.5.

use crate::support::{APP, Answer, PASSWORD, TestServer, Tokens, jwt, secrets};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SECRET: &str = "a secret for custom tokens of 32+ characters";

async fn start() -> TestServer {
    TestServer::start_with(|settings| settings.secrets = secrets(&[("customTokenKey", SECRET)])).await
}

fn email(address: &str) -> Value {
    json!({"username": address, "password": PASSWORD})
}

fn custom_token(server: &TestServer, subject: &str) -> Value {
    let exp = server.state.clock.now().unix_seconds() + 600;
    json!({"token": jwt::hs256(SECRET, &json!({"sub": subject, "aud": APP, "exp": exp}))})
}

async fn identity_types(server: &TestServer, session: &Tokens) -> Vec<String> {
    let profile = server.get("/auth/profile", &session.access).await;
    profile.expect(StatusCode::OK);
    let identities = profile.body["identities"].as_array().unwrap();
    identities.iter().map(|identity| identity["provider_type"].as_str().unwrap().to_owned()).collect()
}

/// A refusal that the SDKs' tests recognise and that does not make realm-web ask for ever (§0.11).
#[track_caller]
fn assert_refused(answer: &Answer, status: u16) {
    let error = answer.body["error"].as_str().unwrap();
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert!(error.contains("unauthorized") && error != "unauthorized", "{error}");
    assert_ne!(answer.body["error_code"], json!("InvalidSession"));
}

#[tokio::test]
async fn an_anonymous_user_keeps_that_identity_first_and_its_id_for_every_credential() {
    let server = start().await;
    let user = server.new_anonymous().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let linked = server.link(&user.access, "local-userpass", email("a@example.com")).await.tokens();
    assert_eq!(linked.user_id, user.user_id);
    let again = server.link(&linked.access, "custom-token", custom_token(&server, "jwt-1")).await.tokens();
    assert_eq!(again.user_id, user.user_id);
    let expected = ["anon-user", "local-userpass", "custom-token"];
    for session in [&user, &linked, &again] {
        assert_eq!(identity_types(&server, session).await, expected);
    }
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, user.user_id);
    let by_token = server.log_in("custom-token", custom_token(&server, "jwt-1")).await.tokens();
    assert_eq!(by_token.user_id, user.user_id);
    let profile = server.get("/auth/profile", &user.access).await;
    assert_eq!(profile.body["identities"][2]["id"], json!("jwt-1"));
    assert_eq!(profile.body["data"]["email"], json!("a@example.com"));
}

#[tokio::test]
async fn a_session_survives_linking_and_the_new_tokens_are_of_the_same_session() {
    let server = start().await;
    let user = server.new_user("a@example.com").await;
    let linked = server.link(&user.access, "custom-token", custom_token(&server, "jwt-1")).await.tokens();
    assert!(server.is_alive(&user).await && server.is_alive(&linked).await);
    server.delete("/auth/session", &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&user).await && !server.is_alive(&linked).await);
}

#[tokio::test]
async fn linking_what_is_linked_already_changes_nothing() {
    let server = start().await;
    let user = server.new_user("a@example.com").await;
    for _ in 0..2 {
        server.link(&user.access, "local-userpass", email("a@example.com")).await.expect(StatusCode::OK);
        let token = custom_token(&server, "jwt-1");
        server.link(&user.access, "custom-token", token).await.expect(StatusCode::OK);
        assert_eq!(identity_types(&server, &user).await, ["local-userpass", "custom-token"]);
    }
}

#[tokio::test]
async fn an_identity_of_another_user_is_refused_and_stays_where_it_is() {
    let server = start().await;
    let owner = server.new_user("a@example.com").await;
    server.link(&owner.access, "custom-token", custom_token(&server, "jwt-1")).await.expect(StatusCode::OK);
    let other = server.new_anonymous().await;
    assert_refused(&server.link(&other.access, "local-userpass", email("a@example.com")).await, 401);
    let token = custom_token(&server, "jwt-1");
    assert_refused(&server.link(&other.access, "custom-token", token).await, 401);
    assert_eq!(identity_types(&server, &other).await, ["anon-user"]);
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, owner.user_id);
    let refused = server.post("/auth/api_keys", &other.refresh, json!({"name": "mine"})).await;
    refused.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_second_email_identity_is_refused() {
    let server = start().await;
    let user = server.new_user("a@example.com").await;
    server.register("b@example.com").await.expect(StatusCode::CREATED);
    assert_refused(&server.link(&user.access, "local-userpass", email("b@example.com")).await, 500);
    assert_eq!(identity_types(&server, &user).await, ["local-userpass"]);
    assert_ne!(server.log_in_by_email("b@example.com").await.user_id, user.user_id);
}

#[tokio::test]
async fn several_custom_tokens_may_be_linked() {
    let server = start().await;
    let user = server.new_anonymous().await;
    for subject in ["jwt-1", "jwt-2"] {
        let token = custom_token(&server, subject);
        server.link(&user.access, "custom-token", token).await.expect(StatusCode::OK);
    }
    for subject in ["jwt-1", "jwt-2"] {
        let by_token = server.log_in("custom-token", custom_token(&server, subject)).await.tokens();
        assert_eq!(by_token.user_id, user.user_id);
    }
}

#[tokio::test]
async fn api_keys_and_anonymous_credentials_cannot_be_linked() {
    let server = start().await;
    let owner = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&owner, "one").await;
    let other = server.new_user("b@example.com").await;
    for (session, provider, body) in [
        (&other, "api-key", json!({"key": key})),
        (&owner, "api-key", json!({"key": key})),
        (&other, "api-key", json!({"key": "garbage"})),
        (&other, "anon-user", json!({})),
    ] {
        let refused = server.link(&session.access, provider, body).await;
        refused.expect_error(400, "InvalidParameter", "invalid user link request");
    }
    assert_eq!(identity_types(&server, &other).await, ["local-userpass"]);
}

#[tokio::test]
async fn wrong_credentials_and_absent_providers_refuse_without_starting_a_loop() {
    let server = start().await;
    let user = server.new_anonymous().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let wrong = json!({"username": "a@example.com", "password": "wrong password"});
    let refused = server.link(&user.access, "local-userpass", wrong).await;
    assert_refused(&refused, 401);
    assert_eq!(refused.body["error_code"], json!("InvalidPassword"));
    assert_refused(&server.link(&user.access, "local-userpass", email("nobody@example.com")).await, 401);
    assert_refused(&server.link(&user.access, "custom-token", json!({"token": "a.b.c"})).await, 401);
    for provider in ["oauth2-facebook", "oauth2-google", "custom-function", "nonsense"] {
        assert_refused(&server.link(&user.access, provider, json!({"accessToken": "x"})).await, 401);
    }
    assert_eq!(identity_types(&server, &user).await, ["anon-user"]);
}

#[tokio::test]
async fn linking_needs_an_access_token() {
    let server = start().await;
    let user = server.new_anonymous().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let path = format!("/app/{APP}/auth/providers/local-userpass/login?link=true");
    let body = || Some(email("a@example.com"));
    let without = server.call(Method::POST, &path, None, body()).await;
    without.expect_error(401, "", "must authenticate first");
    let refresh = server.call(Method::POST, &path, Some(&user.refresh), body()).await;
    refresh.expect_error(401, "", "invalid access token: incorrect token type");
    assert_eq!(identity_types(&server, &user).await, ["anon-user"]);
    assert_ne!(server.log_in_by_email("a@example.com").await.user_id, user.user_id);
}

#[tokio::test]
async fn what_was_linked_in_the_session_of_a_key_does_not_keep_it_alive() {
    let server = start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let linked = server.link(&by_key.access, "custom-token", custom_token(&server, "jwt-1")).await.tokens();
    assert!(server.is_alive(&linked).await);
    let in_use = server.delete(&format!("/auth/api_keys/{id}"), &linked.refresh).await;
    in_use.expect(StatusCode::FORBIDDEN);
    server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&by_key).await && !server.is_alive(&linked).await);
    let by_token = server.log_in("custom-token", custom_token(&server, "jwt-1")).await.tokens();
    assert_eq!(by_token.user_id, user.user_id);
    assert!(server.is_alive(&by_token).await && server.is_alive(&user).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_users_who_link_one_account_at_once_one_gets_it() {
    let server = start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let url = server.client_url(&format!("/app/{APP}/auth/providers/local-userpass/login?link=true"));
    let mut links = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let user = server.new_anonymous().await;
        let request = server.request(Method::POST, &url).bearer_auth(&user.access);
        links.spawn(Answer::of(request.json(&email("a@example.com"))));
    }
    let answers = links.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!((won.len(), lost.len()), (1, 3));
    for answer in lost {
        assert_refused(answer, 401);
    }
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, won[0].tokens().user_id);
}
