//! Changed folders are served after SIGHUP, or by themselves with `--watch`, and never half.

use super::write_app;
use crate::support::api::Api;
use crate::support::{Invocation, Process};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Providers with or without anonymous log-in.
fn providers(anonymous: bool) -> Value {
    json!({"anon-user": {"name": "anon-user", "type": "anon-user", "disabled": !anonymous}})
}

/// A server of `one-abcde` and `two-abcde`, in whose folders nobody can log in yet.
fn start(folder: &Path, args: &[&str]) -> (Process, [PathBuf; 2]) {
    let apps = ["one", "two"].map(|name| folder.join(name));
    for (app, id) in apps.iter().zip(["one-abcde", "two-abcde"]) {
        write_app(app, id, &providers(false));
    }
    let invocation = Invocation::serve(folder).args(["--app", "one", "--app", "two"]).args(args);
    (invocation.start_ready(), apps)
}

async fn can_log_in(server: &Process, app: &str) -> bool {
    let path = format!("/app/{app}/auth/providers/anon-user/login");
    let answer = Api::new(&server.url).call(Method::POST, &path, None, Some(json!({}))).await;
    answer.status.is_success()
}

fn write_providers(app: &Path, text: &str) {
    // As a careful editor does it: whole or not at all.
    let new = app.join("auth/.new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, app.join("auth/providers.json")).unwrap();
}

fn wait_for(server: &mut Process, app: &str, message: &str) {
    server.wait_for_line(message, |line| {
        line["app.id"] == app && line["message"].as_str().is_some_and(|said| said.contains(message))
    });
}

#[tokio::test]
async fn sighup_reads_all_folders_again() {
    let folder = TempDir::new().unwrap();
    let (mut server, [one, two]) = start(folder.path(), &[]);
    write_providers(&one, &providers(true).to_string());
    write_providers(&two, "{");
    assert!(!can_log_in(&server, "one-abcde").await);
    server.signal("HUP");
    wait_for(&mut server, "one-abcde", "the application was reloaded");
    wait_for(&mut server, "two-abcde", "the application is served as it was before");
    assert!(can_log_in(&server, "one-abcde").await);
    assert!(!can_log_in(&server, "two-abcde").await);
    let problem = server.log().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert!(problem["problem"].as_str().unwrap().starts_with("auth/providers.json: line 1"), "{problem}");

    write_app(&one, "other-abcde", &providers(false));
    std::fs::remove_dir_all(&two).unwrap();
    server.signal("HUP");
    wait_for(&mut server, "one-abcde", "the folder is now that of \"other-abcde\"");
    server.wait_for_line("the vanished folder", |line| {
        line["app.id"] == "two-abcde"
            && line["problem"].as_str().is_some_and(|said| said.contains("the folder cannot be read"))
    });
    assert!(can_log_in(&server, "one-abcde").await);
    server.stop();
}

#[tokio::test]
async fn with_watch_a_change_is_noticed_and_a_broken_one_changes_nothing() {
    for way in ["--watch", "--watch=true"] {
        let folder = TempDir::new().unwrap();
        let (mut server, [one, _]) = start(folder.path(), &[way]);
        write_providers(&one, "{\"anon-user\": ");
        wait_for(&mut server, "one-abcde", "the application is served as it was before");
        assert!(!can_log_in(&server, "one-abcde").await);
        write_providers(&one, &providers(true).to_string());
        wait_for(&mut server, "one-abcde", "the application was reloaded");
        assert!(can_log_in(&server, "one-abcde").await);
        // Whose folder did not change is not read.
        let reloaded = |line: &Value| line["app.id"] == "two-abcde" && line["level"] != "WARN";
        assert!(!server.log().iter().any(reloaded));
        server.stop();
    }
}

#[tokio::test]
async fn with_watch_sighup_still_reads_everything() {
    let folder = TempDir::new().unwrap();
    let (mut server, _) = start(folder.path(), &["--watch"]);
    server.signal("HUP");
    wait_for(&mut server, "one-abcde", "the application was reloaded");
    wait_for(&mut server, "two-abcde", "the application was reloaded");
    server.stop();
}
