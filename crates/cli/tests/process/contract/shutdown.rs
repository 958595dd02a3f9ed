//! SIGTERM and Ctrl-C end what was begun, and nothing is lost.

use crate::support::api::{APP, Api, PASSWORD};
use crate::support::{Invocation, eventually};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test]
async fn sigterm_lets_a_request_under_way_finish() {
    let folder = TempDir::new().unwrap();
    let mut server = Invocation::serve(folder.path()).start_ready();
    let address = server.url.trim_start_matches("http://").to_owned();
    let body = json!({"email": "slow@example.com", "password": PASSWORD}).to_string();
    let (first, rest) = body.split_at(10);
    let mut connection = TcpStream::connect(&address).unwrap();
    write!(
        connection,
        "POST /api/client/v2.0/app/{APP}/auth/providers/local-userpass/register HTTP/1.1\r\n\
         Host: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server asks for the body once the request is being handled; before, there is nothing to
    // finish.
    let mut asked = [0; 25];
    connection.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(first.as_bytes()).unwrap();

    server.signal("TERM");
    server.wait_for_line("stopping", |line| line["signal"] == "SIGTERM");
    eventually("the end of listening", || TcpStream::connect(&address).is_err().then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.is_running(), "it did not wait for the request");
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");

    let server = Invocation::serve(folder.path()).start_ready();
    Api::new(&server.url).log_in_by_email("slow@example.com", PASSWORD).await.tokens();
    server.stop();
}

#[tokio::test]
async fn ctrl_c_ends_it_in_good_order_despite_idle_connections() {
    let folder = TempDir::new().unwrap();
    let server = Invocation::serve(folder.path()).start_ready();
    let silent = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let api = Api::new(&server.url);
    let user = api.new_user("ada@example.com").await;
    server.signal("INT");
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    drop(silent);
    let data = folder.path().join("data");
    let left: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // The store was closed: its log is folded into the database.
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with("-wal")), "{left:?}");

    let server = Invocation::serve(folder.path()).start_ready();
    assert_eq!(Api::new(&server.url).refresh(&user.refresh).await.status, 201);
    server.stop();
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = Invocation::serve(folder.path()).start_ready();
    let api = Api::new(&server.url);
    let user = api.new_user("ada@example.com").await;
    let (_, key) = api.new_key(&user, "mine").await;
    let by_key = api.log_in_by_key(&key).await.tokens();
    server.stop();

    let server = Invocation::serve(folder.path()).start_ready();
    let api = Api::new(&server.url);
    assert_eq!(api.log_in_by_key(&key).await.tokens().user_id, user.user_id);
    for tokens in [&user, &by_key] {
        assert_eq!(api.refresh(&tokens.refresh).await.status, 201);
        let profile = api.call(reqwest::Method::GET, "/auth/profile", Some(&tokens.access), None).await;
        assert_eq!(profile.status, 200);
        assert_eq!(profile.body["identities"].as_array().unwrap().len(), 2, "{profile:?}");
    }
    server.stop();
}

#[tokio::test]
async fn new_signing_keys_log_nobody_out() {
    let folder = TempDir::new().unwrap();
    let server = Invocation::serve(folder.path()).start_ready();
    let user = Api::new(&server.url).new_user("ada@example.com").await;
    let rotate = || Invocation::new(folder.path()).args(["rotate-signing-keys", "--data-dir", "data"]).run();
    let refused = rotate();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains("another Keystead runs on it"), "{refused:?}");
    server.stop();

    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    let mut tokens = vec![user.access.clone()];
    // Several times, so that some keys are of the same second, and yet the newest has to sign.
    for _ in 0..5 {
        let rotated = rotate();
        assert_eq!(rotated.status.code(), Some(0), "{rotated:?}");
        assert!(rotated.stdout.contains(APP), "{rotated:?}");
        let server = Invocation::serve(folder.path()).start_ready();
        let api = Api::new(&server.url);
        let renewed = api.refresh(&user.refresh).await;
        assert_eq!(renewed.status, 201);
        let renewed = renewed.string("access_token");
        assert!(tokens.iter().all(|older| kid(older) != kid(&renewed)), "an older key signs");
        tokens.push(renewed);
        for access in &tokens {
            assert_eq!(api.call(reqwest::Method::GET, "/auth/profile", Some(access), None).await.status, 200);
        }
        server.stop();
    }
}
