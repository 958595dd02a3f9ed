//! Servers that are down, or that are not Keystead: every failure is a typed error, and logs nobody out.

use crate::{app_at, start};
use keystead_client::{App, BuildError, Credentials, Error, UserState};
use keystead_dev_server::{APP_ID, DevServer};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers the first request of each connection with exactly these bytes, and hangs up.
async fn server_that_answers(bytes: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bytes = bytes.into();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let _ = connection.write_all(&bytes).await;
            let _ = connection.shutdown().await;
            // Reading on keeps the connection from being reset before the answer is read.
            let _ = connection.read_to_end(&mut request).await;
        }
    });
    url
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}")
}

async fn error_of(bytes: impl Into<Vec<u8>>) -> Error {
    let url = server_that_answers(bytes).await;
    let app = App::builder(APP_ID).base_url(url).skip_location_request().build().unwrap();
    let error = app.log_in(Credentials::anonymous()).await.unwrap_err();
    assert!(app.all_users().is_empty());
    error
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable_and_logs_nobody_out() {
    let (server, app, user) = start().await;
    server.stop().await;
    for outcome in [
        user.refresh_access_token().await,
        user.refresh_profile().await.map(drop),
        user.api_keys().fetch_all().await.map(drop),
        app.log_in(Credentials::anonymous()).await.map(drop),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error}");
        assert!(error.to_string().contains("refused"), "{error}");
    }
    assert_eq!(user.state(), UserState::Active);
    assert_eq!(app.current_user(), Some(user));
}

#[tokio::test]
async fn a_page_instead_of_an_answer_is_unexpected() {
    let error = error_of(answer("200 OK", "text/html", "<h1>Welcome to nginx!</h1>")).await;
    assert!(matches!(&error, Error::UnexpectedAnswer(said) if said.contains("text/html")), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unexpected() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"user_id\":";
    for bytes in [cut.to_owned(), answer("200 OK", "application/json", "{\"user_id\":")] {
        let error = error_of(bytes).await;
        assert!(matches!(&error, Error::UnexpectedAnswer(said) if said.contains("cut off")), "{error}");
    }
}

#[tokio::test]
async fn an_answer_without_its_members_is_unexpected() {
    for body in ["{}", "[]", "null", r#"{"user_id":1}"#] {
        let error = error_of(answer("200 OK", "application/json", body)).await;
        assert!(matches!(error, Error::UnexpectedAnswer(_)), "{body}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut_off() {
    // A good login, but for 20 MB of blanks after it.
    let login = r#"{"user_id":"u","access_token":"a","refresh_token":"r","device_id":"d"}"#;
    let mut endless =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{login}").into_bytes();
    endless.resize(20 * 1024 * 1024, b' ');
    assert!(matches!(error_of(endless).await, Error::UnexpectedAnswer(_)));
}

#[tokio::test]
async fn a_failing_server_is_a_refusal_with_its_status() {
    let error = error_of(answer("500 Internal Server Error", "application/json", r#"{"error":"oh"}"#)).await;
    assert_eq!((error.status(), error.sentence()), (Some(500), "oh"));
    let error = error_of(answer("502 Bad Gateway", "text/html", "<h1>Bad Gateway</h1>")).await;
    assert_eq!((error.status(), error.code()), (Some(502), None));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/", elsewhere.local_addr().unwrap());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let bytes = format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let url = server_that_answers(bytes).await;
        // Both the question where the server is, and a call.
        let locating = app_at(&url).log_in(Credentials::anonymous()).await.unwrap_err();
        let app = App::builder(APP_ID).base_url(&url).skip_location_request().build().unwrap();
        let calling = app.log_in(Credentials::anonymous()).await.unwrap_err();
        let code = status[..3].parse().ok();
        assert_eq!((locating.status(), calling.status()), (code, code));
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_server_that_does_not_say_where_it_is_is_unexpected() {
    for body in ["{}", r#"{"hostname":""}"#, r#"{"hostname":"ftp://x"}"#] {
        let url = server_that_answers(answer("200 OK", "application/json", body)).await;
        let error = app_at(&url).log_in(Credentials::anonymous()).await.unwrap_err();
        assert!(matches!(error, Error::UnexpectedAnswer(_)), "{body}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_after_the_timeout() {
    // It listens, and nobody takes the connection.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = App::builder(APP_ID).base_url(url).timeout(Duration::from_millis(50)).build().unwrap();
    let error = app.log_in(Credentials::anonymous()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(said) if said.contains("too long")), "{error}");
}

#[tokio::test]
async fn an_application_that_does_not_exist_is_a_refusal() {
    let server = DevServer::start().await;
    let app = App::builder("other-abcde").base_url(&server.url).build().unwrap();
    let error = app.log_in(Credentials::anonymous()).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(error.sentence().contains("other-abcde"), "{error}");
}

#[test]
fn a_base_url_that_is_none_is_said_at_once() {
    for url in ["", "auth.example.com", "ftp://auth.example.com", "http://"] {
        let error = App::builder(APP_ID).base_url(url).build().unwrap_err();
        assert!(matches!(error, BuildError::BaseUrl(_)), "{url}");
    }
    assert!(App::builder(APP_ID).base_url("http://localhost:9090/").build().is_ok());
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn https_is_spoken_and_a_plain_answer_to_it_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let hello = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let first = connection.read_u8().await.unwrap();
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        first
    });
    let error = app_at(&url).log_in(Credentials::anonymous()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert_eq!(hello.await.unwrap(), 22, "a TLS handshake record (RFC 8446 §5.1)");
}

#[cfg(not(feature = "tls"))]
#[test]
fn without_tls_an_https_url_is_refused_at_once() {
    let error = App::builder(APP_ID).base_url("https://auth.example.com").build().unwrap_err();
    assert!(matches!(error, BuildError::NoTls(_)));
}
