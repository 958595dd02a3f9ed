//! How requests to `/auth/api_keys` may look, and whose keys they are about.

use super::UNKNOWN_ID;
use crate::support::{Answer, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::json;

const ROUTES: [(Method, &str); 6] = [
    (Method::POST, "/auth/api_keys"),
    (Method::GET, "/auth/api_keys"),
    (Method::GET, "/auth/api_keys/5f5f5f5f5f5f5f5f5f5f5f5f"),
    (Method::DELETE, "/auth/api_keys/5f5f5f5f5f5f5f5f5f5f5f5f"),
    (Method::PUT, "/auth/api_keys/5f5f5f5f5f5f5f5f5f5f5f5f/enable"),
    (Method::PUT, "/auth/api_keys/5f5f5f5f5f5f5f5f5f5f5f5f/disable"),
];

#[tokio::test]
async fn keys_are_managed_with_the_refresh_token_only() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    assert!(ROUTES[2].1.ends_with(UNKNOWN_ID));
    for (method, path) in ROUTES {
        let answer = server.call(method, path, Some(&user.access), None).await;
        answer.expect_error(401, "", "invalid refresh token: incorrect token type");
    }
}

#[tokio::test]
async fn a_request_without_a_token_is_told_what_is_missing() {
    let server = TestServer::start().await;
    for (method, path) in ROUTES {
        let url = server.client_url(path);
        let missing = Answer::of(server.request(method.clone(), &url)).await;
        missing.expect_error(401, "", "must authenticate first");
        // What SDKs on realm-core send for a user who is logged out.
        for header in ["Bearer ", "Bearer", "Basic YTpi"] {
            let empty =
                Answer::of(server.request(method.clone(), &url).header("authorization", header)).await;
            empty.expect_error(401, "", "expected Authorization header with JWT (Bearer schema)");
            assert!(empty.body.get("error_code").is_none());
        }
    }
}

#[tokio::test]
async fn the_owner_is_the_user_of_the_token_whatever_the_request_says() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let victim = server.new_user("b@example.com").await;
    let id = &victim.user_id;
    let path = format!("/auth/api_keys?user_id={id}&userId={id}&owner={id}");
    let body = json!({"name": "mine", "user_id": id, "userId": id, "owner_id": {"$oid": id}, "_id": id});
    let created = server.post(&path, &user.refresh, body).await;
    created.expect(StatusCode::CREATED);
    assert_ne!(created.body["_id"], json!(id));
    assert_eq!(server.get(&path, &user.refresh).await.body.as_array().unwrap().len(), 1);
    assert_eq!(server.get("/auth/api_keys", &victim.refresh).await.body, json!([]));
    let key = created.body["key"].as_str().unwrap();
    assert_eq!(server.log_in_by_key(key).await.tokens().user_id, user.user_id);
}

#[tokio::test]
async fn a_body_may_say_more_than_the_name_also_in_extended_json() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let body = json!({
        "name": "mine",
        "disabled": true,
        "key": "a key of my own",
        "count": {"$numberInt": "1"},
        "when": {"$date": {"$numberLong": "0"}},
        "nested": {"name": "other", "list": [{"$oid": UNKNOWN_ID}]},
    });
    let created = server.post("/auth/api_keys", &user.refresh, body).await;
    created.expect(StatusCode::CREATED);
    assert_eq!((&created.body["name"], &created.body["disabled"]), (&json!("mine"), &json!(false)));
    assert_ne!(created.body["key"], json!("a key of my own"));
}

#[tokio::test]
async fn the_content_type_of_a_request_does_not_matter() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let url = server.client_url("/auth/api_keys");
    let types = [None, Some("text/plain"), Some("application/json;charset=utf-8"), Some("application/x-foo")];
    for (index, content_type) in types.into_iter().enumerate() {
        let mut request = server.request(Method::POST, &url).bearer_auth(&user.refresh);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let created = Answer::of(request.body(format!(r#" {{"name": "key{index}"}} "#))).await;
        created.expect(StatusCode::CREATED);
        assert_eq!(created.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn requests_without_a_body_may_call_it_json() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, _) = server.new_key(&user, "mine").await;
    // What realm-core sends with every request.
    let send = |method, path: String| {
        let request = server.request(method, &server.client_url(&path)).bearer_auth(&user.refresh);
        let request = request.header("content-type", "application/json;charset=utf-8");
        Answer::of(request.header("accept", "application/json").body(""))
    };
    for action in ["disable", "enable"] {
        let answer = send(Method::PUT, format!("/auth/api_keys/{id}/{action}")).await;
        answer.expect(StatusCode::NO_CONTENT);
    }
    send(Method::GET, "/auth/api_keys".into()).await.expect(StatusCode::OK);
    send(Method::DELETE, format!("/auth/api_keys/{id}")).await.expect(StatusCode::NO_CONTENT);
}
