//! Scripts tell by the exit code what went wrong, and programs by the JSON.

use super::{Keystead, failed};
use crate::support::Invocation;
use serde_json::Value;
use std::net::TcpListener;
use tempfile::TempDir;

const NOBODY: &str = "000000000000000000000000";

#[test]
fn what_does_not_exist_is_4() {
    let keystead = Keystead::start();
    failed(&keystead.run(&["users", "show", NOBODY]), 4, &["user not found"]);
    failed(&keystead.run(&["apps", "show", "absent-abcde"]), 4, &["absent-abcde", "quickstart-abcde"]);
    failed(&keystead.run(&["users", "list", "--app", "absent-abcde"]), 4, &["absent-abcde"]);
}

#[test]
fn what_the_server_refuses_is_3() {
    let keystead = Keystead::start();
    let as_somebody_else = |args: &[&str]| keystead.command(args).env("KEYSTEAD_ADMIN_PASSWORD", "wrong");
    failed(&as_somebody_else(&["apps", "list"]).run(), 3, &[&keystead.server.url, "unauthorized"]);
    let ended = as_somebody_else(&["apps", "list", "--json"]).run();
    assert_eq!(ended.status.code(), Some(3));
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains("unauthorized"), "{ended:?}");
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_server_that_cannot_be_reached_is_5() {
    let folder = TempDir::new().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let command = |args: &[&str]| {
        Invocation::new(folder.path())
            .env("KEYSTEAD_ADMIN_PASSWORD", "password")
            .args(args)
            .args(["--url", &url])
    };
    failed(&command(&["apps", "list"]).run(), 5, &[&url, "cannot be reached"]);
    let ended = command(&["apps", "list", "--json"]).run();
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    let error: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains("cannot be reached"));
    // Who asks what is wrong gets a list, and the same exit code.
    let ended = command(&["doctor", "--json"]).run();
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    let checks: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(checks["checks"][0]["status"], "problem", "{checks}");
    assert!(checks["checks"][0]["fix"].is_string(), "{checks}");
}

#[test]
fn a_command_line_that_says_too_little_is_2() {
    let keystead = Keystead::start();
    failed(&keystead.stranger(&["apps", "list"]).run(), 2, &["keystead login", "KEYSTEAD_ADMIN_EMAIL"]);
    assert_eq!(keystead.run(&["users"]).status.code(), Some(2));
    assert_eq!(keystead.run(&["keys", "list"]).status.code(), Some(2));
    for url in ["auth.example.com", "ftp://auth.example.com", "https://me:secret@auth.example.com"] {
        let ended = keystead.run(&["apps", "list", "--url", url]);
        failed(&ended, 2, &["https://auth.example.com"]);
        assert!(!ended.stderr.contains("secret"));
    }
}

#[test]
fn the_help_says_what_the_codes_mean() {
    let folder = TempDir::new().unwrap();
    let ended = Invocation::new(folder.path()).args(["users", "--help"]).run();
    for line in
        ["3  the server refused", "4  what was named does not exist", "5  the server cannot be reached"]
    {
        assert!(ended.stdout.contains(line), "{}", ended.stdout);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let keystead = Keystead::start();
    let pipe = "\"$KEYSTEAD\" apps list --json | true; test ${PIPESTATUS[0]} = 0";
    let status = std::process::Command::new("bash")
        .args(["-c", pipe])
        .env("KEYSTEAD", env!("CARGO_BIN_EXE_keystead"))
        .env("KEYSTEAD_URL", &keystead.server.url)
        .env("KEYSTEAD_ADMIN_PASSWORD", super::ADMIN_PASSWORD)
        .status();
    assert!(status.unwrap().success());
}
