//! Functions and services that do not exist, and callers who may not ask, protocol §1.8 and §3.3. Functions that
//! do exist run in processes of the program: they are tested with it.

use crate::support::{APP, Answer, TestServer, Tokens, app_folder, provider};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const CALL: &str = "/app/quickstart-abcde/functions/call";
const PUSH: &str = "/app/quickstart-abcde/push/providers/gcm_blah/registration";

/// Two applications, and an anonymous user of the first.
async fn start_two() -> (TestServer, Tokens) {
    let folder = TempDir::new().unwrap();
    let providers = json!({"anon-user": provider("anon-user", json!({})).1});
    let apps = [APP, "another-abcde"].map(|app| app_folder(folder.path(), app, &providers, json!({})));
    let server = TestServer::start_with(|settings| settings.apps = apps.to_vec()).await;
    let user = server.new_anonymous().await;
    (server, user)
}

fn encoded(request: &Value) -> String {
    STANDARD.encode(request.to_string()).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

async fn get(server: &TestServer, path: &str, token: Option<&str>) -> Answer {
    server.call(Method::GET, path, token, None).await
}

#[tokio::test]
async fn a_function_is_not_found_by_its_name() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let arguments =
        json!([{"$numberInt": "1"}, {"$undefined": true}, null, {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}]);
    let body = json!({"name": "sumFunc", "arguments": arguments});
    let answer = server.post(CALL, &user.access, body).await;
    answer.expect_error(404, "FunctionNotFound", "function not found: 'sumFunc'");
}

#[tokio::test]
async fn a_service_is_not_found_by_its_name() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let body = json!({"name": "find", "arguments": [{}], "service": "mongodb-atlas"});
    let answer = server.post(CALL, &user.access, body).await;
    answer.expect_error(404, "ServiceNotFound", "service not found: 'mongodb-atlas'");
}

#[tokio::test]
async fn a_call_needs_an_access_token() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let body = json!({"name": "sumFunc", "arguments": []});
    let none = server.call(Method::POST, CALL, None, Some(body.clone())).await;
    none.expect_error(401, "", "must authenticate first");
    server.post(CALL, &user.refresh, body.clone()).await.expect(StatusCode::UNAUTHORIZED);
    let forged = server.post(CALL, "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", body.clone()).await;
    forged.expect_error(401, "", "unauthorized");
    server.delete("/auth/session", &user.refresh).await.expect(StatusCode::NO_CONTENT);
    server.post(CALL, &user.access, body.clone()).await.expect_error(401, "", "unauthorized");
    // What realm-core sends for a user who was logged out.
    server.post(CALL, "", body).await.expect_error(401, "", "unauthorized");
}

#[tokio::test]
async fn the_streaming_form_takes_its_token_from_header_or_query() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let request = encoded(&json!({"name": "watch", "arguments": [{}], "service": "mongodb-atlas"}));
    let token = &user.access;
    for (path, header) in [
        (format!("{CALL}?baas_request={request}"), Some(token)),
        (format!("{CALL}?baas_request={request}&baas_at={token}"), None),
        (format!("{CALL}?stitch_request={request}"), Some(token)),
        (format!("{CALL}?stitch_request={request}&stitch_at={token}"), None),
    ] {
        let answer = get(&server, &path, header.map(String::as_str)).await;
        answer.expect_error(404, "ServiceNotFound", "service not found: 'mongodb-atlas'");
    }
    let request = encoded(&json!({"name": "sumFunc", "arguments": []}));
    let answer = get(&server, &format!("{CALL}?baas_request={request}"), Some(token)).await;
    answer.expect_error(404, "FunctionNotFound", "function not found: 'sumFunc'");
}

#[tokio::test]
async fn the_streaming_form_needs_an_access_token() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let request = encoded(&json!({"name": "sumFunc", "arguments": []}));
    let path = format!("{CALL}?baas_request={request}");
    get(&server, &path, None).await.expect_error(401, "", "must authenticate first");
    get(&server, &path, Some(&user.refresh)).await.expect(StatusCode::UNAUTHORIZED);
    let in_query = format!("{path}&baas_at={}", user.refresh);
    get(&server, &in_query, None).await.expect(StatusCode::UNAUTHORIZED);
    let empty = format!("{path}&baas_at=");
    get(&server, &empty, None).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn push_registration_finds_no_service() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let body = json!({"registrationToken": "token"});
    let put = server.call(Method::PUT, PUSH, Some(&user.access), Some(body)).await;
    put.expect_error(404, "ServiceNotFound", "service not found: 'gcm_blah'");
    let delete = server.delete(PUSH, &user.access).await;
    delete.expect_error(404, "ServiceNotFound", "service not found: 'gcm_blah'");
    let none = server.call(Method::PUT, PUSH, None, None).await;
    none.expect_error(401, "", "must authenticate first");
}

#[track_caller]
fn assert_of_another_app(answer: &Answer) {
    answer.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.body["error_code"], "UserAppDomainMismatch");
}

#[tokio::test]
async fn a_token_of_another_application_calls_nothing() {
    let (server, user) = start_two().await;
    let call = "/app/another-abcde/functions/call";
    let body = json!({"name": "sumFunc", "arguments": []});
    assert_of_another_app(&server.post(call, &user.access, body.clone()).await);
    let stream = format!("{call}?baas_request={}", encoded(&body));
    assert_of_another_app(&get(&server, &stream, Some(&user.access)).await);
    assert_of_another_app(&get(&server, &format!("{stream}&baas_at={}", user.access), None).await);
}

#[tokio::test]
async fn a_token_of_another_application_registers_no_device() {
    let (server, user) = start_two().await;
    let push = "/app/another-abcde/push/providers/gcm/registration";
    let body = json!({"registrationToken": "token"});
    assert_of_another_app(&server.call(Method::PUT, push, Some(&user.access), Some(body)).await);
    assert_of_another_app(&server.delete(push, &user.access).await);
}
