//! Headers, and requests that are hardly HTTP.

use super::{CLIENT, CLIENT_APP, EMAIL, assert_serves, start};
use crate::support::{Answer, PASSWORD, raw};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn an_authorization_header_that_carries_no_token_is_401() {
    let (server, user) = start().await;
    let sentence = "expected Authorization header with JWT (Bearer schema)";
    for path in ["/auth/api_keys", "/auth/profile", "/auth/session"] {
        let method = if path == "/auth/session" { Method::POST } else { Method::GET };
        let send = async |header: Option<&str>| {
            let mut request = server.request(method.clone(), &server.client_url(path));
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            Answer::of(request).await
        };
        send(None).await.expect_error(401, "", "must authenticate first");
        for header in ["", "Bearer", "Bearer ", "Bearer    ", "Basic dXNlcjpwYXNz", user.refresh.as_str()] {
            send(Some(header)).await.expect_error(401, "", sentence);
        }
        for junk in ["Bearer x", "Bearer ..", "Bearer a.b.c", "Bearer \u{e9}", "Bearer e30.e30.e30"] {
            send(Some(junk)).await.expect(StatusCode::UNAUTHORIZED);
        }
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_content_type_or_an_accept_header_changes_nothing() {
    let (server, _) = start().await;
    let url = server.client_url("/app/quickstart-abcde/auth/providers/local-userpass/login");
    let body = json!({"username": EMAIL, "password": PASSWORD}).to_string();
    for content_type in
        ["application/json;charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "x"]
    {
        let request = server.request(Method::POST, &url).header("content-type", content_type);
        let request = request.header("accept", "image/png").body(body.clone());
        Answer::of(request).await.tokens();
    }
}

/// Such heads are refused by the HTTP library, before there is a request that could be answered in
/// JSON; what matters is that nothing else happens.
#[tokio::test]
async fn a_head_that_is_no_http_or_too_long_is_refused() {
    let (server, _) = start().await;
    let long = "a".repeat(200_000);
    let many = "x: y\r\n".repeat(2_000);
    for head in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost: x\r\nb\u{e9}d: y\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
    ] {
        let answer = raw::exchange(&server, head.as_bytes()).await;
        let shown: String = head.chars().take(60).collect();
        assert!(answer.status.is_client_error(), "{shown:?}: {answer:?}");
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_long_path_or_header_that_still_fits_is_answered_in_json() {
    let (server, user) = start().await;
    let long = "a".repeat(20_000);
    let path = format!("{CLIENT}/{long}");
    raw::request(&server, "GET", &path, "", b"").await.checked().expect(StatusCode::NOT_FOUND);
    let header = format!("authorization: Bearer {long}\r\n");
    let profile = format!("{CLIENT}/auth/profile");
    let answer = raw::request(&server, "GET", &profile, &header, b"").await.checked();
    answer.expect(StatusCode::UNAUTHORIZED);
    let headers = format!("authorization: Bearer {}\r\nuser-agent: {long}\r\n", user.access);
    raw::request(&server, "GET", &profile, &headers, b"").await.checked().expect(StatusCode::OK);
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    let (server, _) = start().await;
    let path = format!("{CLIENT_APP}/auth/providers/local-userpass/register");
    for (framing, body) in [
        ("transfer-encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "-1\r\n\r\n"),
        ("transfer-encoding: chunked", "ffffffffffffffffffff\r\n{}"),
    ] {
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{framing}\r\n\r\n{body}");
        let answer = raw::exchange(&server, request.as_bytes()).await.checked();
        answer.expect(StatusCode::BAD_REQUEST);
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn ids_and_names_of_any_length_and_alphabet_are_refused_politely() {
    let (server, user) = start().await;
    let long = "n".repeat(20_000);
    for name in ["a b", "ä", "a\0", "", "😀", "../../etc/passwd", "a'--", long.as_str()] {
        let answer = server.post("/auth/api_keys", &user.refresh, json!({"name": name})).await;
        answer.expect(StatusCode::BAD_REQUEST);
    }
    for name in ["a\0b", "\u{202e}", long.as_str()] {
        let login = server.log_in("local-userpass", json!({"username": name, "password": name})).await;
        login.expect_error(401, "InvalidPassword", "unauthorized");
        server.log_in_by_key(name).await.expect_error(401, "AuthError", "unauthorized");
    }
    for name in ["a\0b", long.as_str()] {
        server.register(name).await.expect_error(400, "BadRequest", "email invalid");
    }
    assert_serves(&server).await;
}
