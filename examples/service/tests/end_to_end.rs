//! Both programs, as processes, against a real Keystead.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use keystead_client::{App, Credentials};
use keystead_dev_server::{APP_ID, DevServer};
use keystead_server::settings::TlsSettings;
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A program that trusts the certificate in this file, beside or instead of the operating system's.
fn program(path: &str, trusts: Option<&Path>) -> Command {
    let mut command = Command::new(path);
    command.env_remove("KEYSTEAD_API_KEY").env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
    if let Some(file) = trusts {
        command.env("SSL_CERT_FILE", file);
    }
    command
}

/// The guarded service and where it is. It ends with the test.
async fn orders(keystead: &str, trusts: Option<&Path>) -> (Child, String) {
    let mut process = program(env!("CARGO_BIN_EXE_orders"), trusts)
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

async fn worker(mut worker: Command, keystead: &str, orders: &str, sessions: &Path) -> Output {
    worker
        .env("KEYSTEAD_URL", keystead)
        .env("ORDERS_URL", orders)
        .env("KEYSTEAD_SESSIONS", sessions)
        .output()
        .await
        .unwrap()
}

/// The worker with this key in its environment.
fn with_key(key: Option<&str>, trusts: Option<&Path>) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_worker"), trusts);
    if let Some(key) = key {
        command.env("KEYSTEAD_API_KEY", key);
    }
    command
}

#[tokio::test]
async fn the_worker_gets_the_orders_of_the_user_whose_key_it_has() {
    let server = DevServer::start().await;
    let (_orders, url) = orders(&server.url, None).await;
    let key = server.new_api_key().await;
    let app = App::builder(APP_ID).base_url(&server.url).build().unwrap();
    let owner = app.log_in(Credentials::api_key(&key)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions.json");

    let first = worker(with_key(Some(&key), None), &server.url, &url, &sessions).await;
    assert!(first.status.success(), "{first:?}");
    let answer = String::from_utf8(first.stdout).unwrap();
    assert_eq!(answer.trim(), format!("no orders yet for user {}", owner.id()));

    // Started again, it is still logged in and needs no key.
    let second = worker(with_key(None, None), &server.url, &url, &sessions).await;
    assert!(second.status.success(), "{second:?}");
}

#[tokio::test]
async fn a_worker_without_a_good_key_says_so_and_fails() {
    let server = DevServer::start().await;
    let (_orders, url) = orders(&server.url, None).await;
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions.json");
    for (key, sentence) in [(None, "KEYSTEAD_API_KEY"), (Some("no such key"), "unauthorized")] {
        let output = worker(with_key(key, None), &server.url, &url, &sessions).await;
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("no such key"), "a key is never printed");
    }
}

/// A certificate for 127.0.0.1, and its key.
fn certificate(folder: &Path) -> TlsSettings {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("the openssl program is needed (Debian package openssl)");
    assert!(made.status.success(), "{made:?}");
    TlsSettings { certificate, key }
}

#[tokio::test]
async fn both_speak_tls_with_whom_the_operating_system_trusts_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path());
    let trusted = tls.certificate.clone();
    let server = DevServer::start_with(|settings| settings.tls = Some(tls)).await;
    let key = server.new_api_key().await;
    let sessions = folder.path().join("sessions.json");
    let (_orders, url) = orders(&server.url, Some(&trusted)).await;

    let stranger = worker(with_key(Some(&key), None), &server.url, &url, &sessions).await;
    assert!(!stranger.status.success());
    let said = String::from_utf8(stranger.stderr).unwrap();
    assert!(said.contains("certificate"), "{said}");

    let trusting = worker(with_key(Some(&key), Some(&trusted)), &server.url, &url, &sessions).await;
    assert!(trusting.status.success(), "{trusting:?}");
    assert!(String::from_utf8(trusting.stdout).unwrap().starts_with("no orders yet for user "));
}
