//! Both programs, as processes, against a real Keystead.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use keystead_client::{App, Credentials};
use keystead_dev_server::{APP_ID, DevServer};
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The guarded service and where it is. It ends with the test.
async fn orders(keystead: &str) -> (Child, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_orders"))
        .env("KEYSTEAD_URL", keystead)
        .env("ORDERS_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().expect("it says where it listens");
    (process, url)
}

async fn worker(keystead: &str, orders: &str, key: Option<&str>, sessions: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.env_remove("KEYSTEAD_API_KEY");
    if let Some(key) = key {
        command.env("KEYSTEAD_API_KEY", key);
    }
    command
        .env("KEYSTEAD_URL", keystead)
        .env("ORDERS_URL", orders)
        .env("KEYSTEAD_SESSIONS", sessions)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_worker_gets_the_orders_of_the_user_whose_key_it_has() {
    let server = DevServer::start().await;
    let (_orders, url) = orders(&server.url).await;
    let key = server.new_api_key().await;
    let app = App::builder(APP_ID).base_url(&server.url).build().unwrap();
    let owner = app.log_in(Credentials::api_key(&key)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions.json");

    let first = worker(&server.url, &url, Some(&key), &sessions).await;
    assert!(first.status.success(), "{first:?}");
    let answer = String::from_utf8(first.stdout).unwrap();
    assert_eq!(answer.trim(), format!("no orders yet for user {}", owner.id()));

    // Started again, it is still logged in and needs no key.
    let second = worker(&server.url, &url, None, &sessions).await;
    assert!(second.status.success(), "{second:?}");
}

#[tokio::test]
async fn a_worker_without_a_good_key_says_so_and_fails() {
    let server = DevServer::start().await;
    let (_orders, url) = orders(&server.url).await;
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions.json");
    for (key, sentence) in [(None, "KEYSTEAD_API_KEY"), (Some("no such key"), "unauthorized")] {
        let output = worker(&server.url, &url, key, &sessions).await;
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("no such key"), "a key is never printed");
    }
}
