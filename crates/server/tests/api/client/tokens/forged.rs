//! Tokens that this server did not make, or not for this use.

use super::{decoded, header, jwk_set};
use crate::support::{APP, TestServer, Tokens, app_folder, claims, jwt, provider};
use aws_lc_rs::hmac;
use keystead_protocol::session::TokenType;
use keystead_server::app_config::Source;
use keystead_server::domain::tokens::Algorithm;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

const OTHER_APP: &str = "other-abcde";

/// That `token` opens nothing where an access token is wanted.
async fn assert_no_access(server: &TestServer, token: &str) {
    for (method, path) in [
        (Method::GET, "/auth/profile".to_owned()),
        (Method::DELETE, "/auth/delete".to_owned()),
        (Method::POST, format!("/app/{APP}/functions/call")),
    ] {
        let answer = server.call(method, &path, Some(token), Some(json!({"name": "f"}))).await;
        answer.expect_error(401, "", "unauthorized");
    }
}

/// That `token` opens nothing where a refresh token is wanted.
async fn assert_no_refresh(server: &TestServer, token: &str, error: &str) {
    for (method, path) in
        [(Method::POST, "/auth/session"), (Method::DELETE, "/auth/session"), (Method::GET, "/auth/api_keys")]
    {
        server.call(method, path, Some(token), None).await.expect_error(401, "", error);
    }
}

fn with_claims(token: &str, claims: &Value) -> String {
    let signature = decoded(token.rsplit('.').next().unwrap());
    jwt::compose(&header(token), claims, |_| signature)
}

async fn two_users(server: &TestServer) -> (Tokens, Tokens) {
    (server.new_user("a@example.com").await, server.new_user("b@example.com").await)
}

#[tokio::test]
async fn tokens_with_changed_claims_are_refused() {
    let server = TestServer::start().await;
    let (user, victim) = two_users(&server).await;
    for (claim, value) in
        [("sub", json!(victim.user_id)), ("exp", json!(9_999_999_999_i64)), ("typ", json!("refresh"))]
    {
        let mut access = claims(&user.access);
        access[claim] = value.clone();
        assert_no_access(&server, &with_claims(&user.access, &access)).await;
        let mut refresh = claims(&user.refresh);
        refresh[claim] = value;
        assert_no_refresh(&server, &with_claims(&user.refresh, &refresh), "signature is invalid").await;
    }
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (mine, theirs) = (parts(&user.access), parts(&victim.access));
    assert_no_access(&server, &format!("{}.{}.{}", mine[0], theirs[1], mine[2])).await;
    assert_no_access(&server, &format!("{}.{}.{}", mine[0], mine[1], theirs[2])).await;
    assert!(server.is_alive(&user).await && server.is_alive(&victim).await);
}

#[tokio::test]
async fn tokens_without_a_signature_or_with_a_confused_algorithm_are_refused() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let key = jwk_set(&server).await.remove(0);
    let public = decoded(key["x"].as_str().unwrap());
    let by_public_key =
        |signed: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), signed).as_ref().to_vec();
    for algorithm in ["none", "None", "HS256", "EdDSA", "RS256"] {
        for token in [&user.access, &user.refresh] {
            let with_key_id = json!({"alg": algorithm, "kid": key["kid"], "typ": "JWT"});
            for header in [with_key_id, json!({"alg": algorithm, "typ": "JWT"})] {
                let unsigned = jwt::compose(&header, &claims(token), |_| Vec::new());
                let confused = jwt::compose(&header, &claims(token), by_public_key);
                for forged in [unsigned, confused] {
                    assert_no_access(&server, &forged).await;
                    assert_no_refresh(&server, &forged, "signature is invalid").await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_token_serves_as_its_own_type_only_whatever_its_header_says() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let as_access = server.get("/auth/profile", &user.refresh).await;
    as_access.expect_error(401, "", "invalid access token: incorrect token type");
    let as_refresh = server.get("/auth/api_keys", &user.access).await;
    as_refresh.expect_error(401, "", "invalid refresh token: incorrect token type");
    let swap = |from: &str, header_of: &str| {
        let rest = from.split_once('.').unwrap().1;
        format!("{}.{rest}", header_of.split('.').next().unwrap())
    };
    assert_no_access(&server, &swap(&user.refresh, &user.access)).await;
    assert_no_refresh(&server, &swap(&user.access, &user.refresh), "signature is invalid").await;
}

#[tokio::test]
async fn tokens_that_are_cut_short_or_foreign_are_refused() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for token in [&user.access, &user.refresh] {
        let cut = token.rfind('.').unwrap();
        let shortened = [&token[..cut], &token[..=cut], &token[..token.len() - 1], &token[..token.len() / 2]];
        let others = ["x", "a.b", "a.b.c", "....", "ks_user_0"];
        for bad in shortened.into_iter().chain(others) {
            let as_access = server.get("/auth/profile", bad).await;
            as_access.expect(StatusCode::UNAUTHORIZED);
            assert_eq!(as_access.body["error"], json!("unauthorized"), "{bad}");
            let as_refresh = server.call(Method::POST, "/auth/session", Some(bad), None).await;
            as_refresh.expect(StatusCode::UNAUTHORIZED);
            assert!(as_refresh.body.get("error_code").is_none(), "{bad} {as_refresh:?}");
        }
    }
    let foreign = jwt::hs256("somebody else's secret", &claims(&user.access));
    assert_no_access(&server, &foreign).await;
    assert_no_refresh(&server, &foreign, "signature is invalid").await;
}

#[tokio::test]
async fn the_token_of_one_application_opens_nothing_of_another() {
    let folder = Arc::new(TempDir::new().unwrap());
    let providers = [provider("anon-user", json!({})), provider("api-key", json!({}))];
    let other =
        app_folder(folder.path(), OTHER_APP, &Value::Object(providers.into_iter().collect()), json!({}));
    let server =
        TestServer::start_in(folder, |settings| settings.apps = vec![Source::Quickstart, other]).await;
    let user = server.new_user("a@example.com").await;
    let stranger = server.log_in_to(OTHER_APP, "anon-user", json!({})).await.tokens();
    for path in [
        format!("/app/{OTHER_APP}/functions/call"),
        format!("/app/{OTHER_APP}/auth/providers/anon-user/login?link=true"),
    ] {
        let refused = server.post(&path, &user.access, json!({"name": "f"})).await;
        refused.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.body["error_code"], json!("UserAppDomainMismatch"));
    }
    assert_ne!(claims(&user.access)["baas_domain_id"], claims(&stranger.access)["baas_domain_id"]);
    let mut mine = claims(&stranger.access);
    mine["baas_domain_id"] = claims(&user.access)["baas_domain_id"].clone();
    assert_no_access(&server, &with_claims(&stranger.access, &mine)).await;
    // Signed in all form, but by the key of an application that these users are not of.
    let other = server.state.apps().by_client_app_id(OTHER_APP).unwrap().ids.app_id;
    let ring = server.state.key_ring();
    let access_key = ring.current(other, TokenType::Access, Algorithm::EdDsa).unwrap();
    let refresh_key = ring.current(other, TokenType::Refresh, Algorithm::Hs256).unwrap();
    let by_other = access_key.sign(claims(&user.access).to_string().as_bytes());
    assert_no_access(&server, &by_other).await;
    let by_other = refresh_key.sign(claims(&user.refresh).to_string().as_bytes());
    assert_no_refresh(&server, &by_other, "signature is invalid").await;
    assert!(server.is_alive(&stranger).await);

    // An application that is not served any more has no valid tokens.
    let folder = server.stop().await;
    let server = TestServer::start_in(folder, |_| {}).await;
    server.get("/auth/profile", &stranger.access).await.expect(StatusCode::UNAUTHORIZED);
    let refreshed = server.call(Method::POST, "/auth/session", Some(&stranger.refresh), None).await;
    refreshed.expect(StatusCode::UNAUTHORIZED);
    assert!(server.is_alive(&user).await);
}
