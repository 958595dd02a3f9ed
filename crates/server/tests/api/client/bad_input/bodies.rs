//! Bodies that are not what a route takes.

use super::{CLIENT, CLIENT_APP, assert_blames_the_client, assert_serves, routes, start};
use crate::support::{Answer, PASSWORD, TestServer, Tokens, raw};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const NEEDS_NO_TOKEN: &str = "";

/// Every route that reads a body, as `path, token`.
async fn routes_with_bodies(server: &TestServer, user: &Tokens) -> Vec<(String, String)> {
    let admin = server.admin().await;
    let app = server.state.apps().by_client_app_id(crate::support::APP).unwrap();
    let group = keystead_server::domain::admins::GROUP_ID;
    let verify = format!("/api/admin/v3.0/groups/{group}/apps/{}/users/verify_token", app.ids.app_id);
    let open = [
        "local-userpass/login",
        "api-key/login",
        "local-userpass/register",
        "local-userpass/confirm",
        "local-userpass/confirm/send",
        "local-userpass/confirm/call",
        "local-userpass/reset",
        "local-userpass/reset/send",
        "local-userpass/reset/call",
        "custom-token/login",
    ];
    let mut routes: Vec<(String, String)> = open
        .iter()
        .map(|path| (format!("{CLIENT_APP}/auth/providers/{path}"), NEEDS_NO_TOKEN.to_owned()))
        .collect();
    routes.extend([
        (format!("{CLIENT}/auth/api_keys"), user.refresh.clone()),
        (format!("{CLIENT_APP}/functions/call"), user.access.clone()),
        ("/api/admin/v3.0/auth/providers/local-userpass/login".to_owned(), NEEDS_NO_TOKEN.to_owned()),
        (verify, admin),
    ]);
    routes
}

async fn post(server: &TestServer, path: &str, token: &str, body: impl Into<reqwest::Body>) -> Answer {
    let mut request = server.request(Method::POST, &format!("{}{path}", server.url)).body(body);
    if token != NEEDS_NO_TOKEN {
        request = request.bearer_auth(token);
    }
    Answer::of(request).await
}

fn nested(open: &str, close: &str, depth: usize) -> Vec<u8> {
    format!("{}{}", open.repeat(depth), close.repeat(depth)).into_bytes()
}

/// What no route can make sense of.
fn malformed() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "{",
        "}",
        "{]",
        "{\"email\":",
        "{\"email\":\"a@example.com\",}",
        "{'email':'a@example.com'}",
        "email=a@example.com&password=secret",
        "<xml/>",
        "\u{feff}{}",
        "{}{}",
        "{} x",
        "\0",
        "{\"email\":\"a\0b\"}",
        "{\"email\":\"\\ud800\",\"username\":\"\\ud800\",\"name\":\"\\ud800\"}",
        "NaN",
        "1e999999",
        "--1",
        "nul",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(b"\xff\xfe\x00\x01".to_vec());
    bodies.push(b"{\"email\":\"\xc3\x28\",\"username\":\"\xc3\x28\",\"name\":\"\xff\"}".to_vec());
    bodies.push(nested("[", "]", 30_000));
    bodies.push(nested("[", "", 60_000));
    bodies.push(nested("{\"a\":", "", 12_000));
    bodies.push([b"{\"name\":".to_vec(), nested("[", "]", 30_000), b"}".to_vec()].concat());
    bodies.push([b"{\"x\":".to_vec(), nested("{\"a\":", "}", 8_000), b"}".to_vec()].concat());
    bodies
}

#[tokio::test]
async fn a_malformed_body_is_400() {
    let (server, user) = start().await;
    for (path, token) in routes_with_bodies(&server, &user).await {
        for body in malformed() {
            let answer = post(&server, &path, &token, body.clone()).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {shown}: {answer:?}");
        }
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_body_that_is_no_object_is_400() {
    let (server, user) = start().await;
    for (path, token) in routes_with_bodies(&server, &user).await {
        for body in [json!(null), json!(true), json!(7), json!(1.5), json!("text"), json!([]), json!([{}])] {
            let answer = post(&server, &path, &token, body.to_string()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}: {answer:?}");
        }
    }
    assert_serves(&server).await;
}

/// A list of the right values in the right order is still no object.
#[tokio::test]
async fn a_list_in_place_of_an_object_is_400() {
    let (server, user) = start().await;
    let (_, key) = server.new_key(&user, "service").await;
    let mut wrong = Vec::new();
    for (path, token, body) in [
        ("/auth/api_keys".to_owned(), Some(&user.refresh), json!(["listed"])),
        (login_path("local-userpass"), None, json!([super::EMAIL, PASSWORD, {}])),
        (login_path("api-key"), None, json!([key, {}])),
        (login_path("anon-user"), None, json!([])),
        (login_path("anon-user"), None, json!([{}])),
        (login_path("local-userpass").replace("login", "register"), None, json!(["b@example.com", PASSWORD])),
    ] {
        let answer = server.call(Method::POST, &path, token.map(String::as_str), Some(body.clone())).await;
        if answer.status != StatusCode::BAD_REQUEST {
            wrong.push(format!("{path} {body}: {}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn login_path(provider: &str) -> String {
    format!("/app/{}/auth/providers/{provider}/login", crate::support::APP)
}

#[tokio::test]
async fn members_of_other_types_are_400() {
    let (server, user) = start().await;
    let members = ["email", "username", "password", "key", "token", "tokenId", "name", "arguments"];
    for (path, token) in routes_with_bodies(&server, &user).await {
        for value in [json!(null), json!(7), json!(true), json!([]), json!({}), json!({"$oid": "x"})] {
            let body =
                Value::Object(members.iter().map(|name| ((*name).to_owned(), value.clone())).collect());
            let answer = post(&server, &path, &token, body.to_string()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}: {answer:?}");
        }
        let answer = post(&server, &path, &token, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} without a body: {answer:?}");
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_value_is_not_repeated_in_the_error() {
    let server = TestServer::start().await;
    let secret = "planted-s3cret";
    for body in [
        json!({"username": super::EMAIL, "password": {"value": secret}}),
        json!({"username": super::EMAIL, "password": PASSWORD, "options": secret}),
        json!({"username": super::EMAIL, "password": PASSWORD, "options": {"device": {"deviceId": secret}}}),
        json!(secret),
    ] {
        let answer = server.log_in("local-userpass", body).await;
        assert_blames_the_client(&answer, "planted");
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
}

/// Bytes. The arguments of functions may be more.
fn limit(path: &str) -> usize {
    if path.ends_with("/functions/call") { 1024 * 1024 } else { 64 * 1024 }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let (server, user) = start().await;
    for (path, token) in routes_with_bodies(&server, &user).await {
        let padding = " ".repeat(limit(&path) + 1);
        let authorization = format!("authorization: Bearer {token}\r\n");
        let answer = raw::request(&server, "POST", &path, &authorization, padding.as_bytes()).await.checked();
        answer.expect(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.body["error_code"], "ReadSizeLimitExceeded");
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_body_of_64_kib_is_read() {
    let (server, _) = start().await;
    let body = json!({"username": super::EMAIL, "password": PASSWORD, "x": ""}).to_string();
    let padded = format!("{body}{}", " ".repeat(64 * 1024 - body.len()));
    let path = format!("{CLIENT_APP}/auth/providers/local-userpass/login");
    post(&server, &path, NEEDS_NO_TOKEN, padded).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_declares_to_be_huge_is_refused_before_it_comes() {
    let (server, user) = start().await;
    for (path, token) in routes_with_bodies(&server, &user).await {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1000000000000\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let answer = raw::exchange(&server, head.as_bytes()).await.checked();
        answer.expect(StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_chunked_body_is_cut_off_at_the_same_size() {
    let (server, user) = start().await;
    for (path, token) in routes_with_bodies(&server, &user).await {
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).repeat(limit(&path) / 0x1000 + 1);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let answer = raw::exchange(&server, format!("{head}{chunk}").as_bytes()).await.checked();
        answer.expect(StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_serves(&server).await;
}

/// The routes that read no body do not mind one, and those that need a token say so first.
#[tokio::test]
async fn no_route_fails_over_a_body_that_it_does_not_expect() {
    let (server, _) = start().await;
    let huge = b" ".repeat(70_000);
    for (path, methods) in routes::all(&server) {
        for method in methods {
            for body in [&b"{"[..], b"\xff\0", b"[[[[", &huge] {
                let answer = raw::request(&server, method.as_str(), &path, "", body).await;
                assert!(!answer.status.is_server_error(), "{method} {path}: {answer:?}");
                if answer.status.is_client_error() {
                    answer.checked();
                }
            }
        }
    }
    assert_serves(&server).await;
}
