//! The doctor finds what is wrong, and says what to do.

use crate::support::{Answer, NO_MAIL_SERVER, TestServer, app_folder, provider};
use keystead_server::domain::throttle::ThrottleRate;
use keystead_server::settings::Settings;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

async fn examine(server: &TestServer) -> Vec<Value> {
    let url = format!("{}/api/keystead/v1/doctor", server.url);
    let answer = Answer::of(server.request(Method::GET, &url).bearer_auth(server.admin().await)).await;
    answer.expect(StatusCode::OK);
    let checks = answer.body["checks"].as_array().unwrap().clone();
    for check in &checks {
        let has_fix = check["fix"].as_str().is_some_and(|fix| !fix.is_empty());
        assert_eq!(has_fix, check["status"] != "ok", "what is not well has a remedy: {check}");
    }
    checks
}

/// The status and message of a check.
#[track_caller]
fn found<'c>(checks: &'c [Value], name: &str) -> (&'c str, &'c str) {
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name}: {checks:?}"));
    (check["status"].as_str().unwrap(), check["message"].as_str().unwrap())
}

#[tokio::test]
async fn a_server_for_this_machine_alone_is_well() {
    let server =
        TestServer::start_with(|settings| settings.login_throttle = ThrottleRate::per_minute(20)).await;
    let checks = examine(&server).await;
    let unwell: Vec<_> =
        checks.iter().filter(|check| check["status"] != "ok" && check["name"] != "disk_space").collect();
    assert!(unwell.is_empty(), "{unwell:?}");
    assert!(found(&checks, "store").1.starts_with("the database is sound"), "{checks:?}");
}

#[tokio::test]
async fn settings_that_endanger_users_are_found() {
    let server = TestServer::start_with(|settings| {
        settings.public_url = Some("http://auth.example.com".parse().unwrap());
        settings.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()];
        settings.admin.email = Some("admin@example.com".into());
    })
    .await;
    let checks = examine(&server).await;
    for name in ["public_url", "trusted_proxies", "login_throttle"] {
        assert_eq!(found(&checks, name).0, "problem", "{name}");
    }
    assert!(found(&checks, "public_url").1.contains("unencrypted"));
    let change =
        |settings: &mut Settings| settings.public_url = Some("https://auth.example.com".parse().unwrap());
    let server = TestServer::start_with(change).await;
    let (status, message) = {
        let checks = examine(&server).await;
        let (status, message) = found(&checks, "public_url");
        (status.to_owned(), message.to_owned())
    };
    assert_eq!(status, "warning", "{message}");
    assert!(message.contains("no proxy is trusted"), "{message}");
}

#[tokio::test]
async fn a_mail_server_that_does_not_answer_is_found() {
    let server =
        TestServer::start_with(|settings| settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into())).await;
    let checks = examine(&server).await;
    let (status, message) = found(&checks, "mail");
    assert_eq!(status, "problem");
    assert!(message.starts_with("the mail server cannot be used: "), "{message}");
}

#[tokio::test]
async fn a_mail_server_is_missing_where_applications_send_mails() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = json!({"config": {"autoConfirm": true, "resetPasswordUrl": "https://example.com/reset"}});
    let providers = Value::Object([provider("local-userpass", config)].into_iter().collect());
    let app = app_folder(folder.path(), "mailing-abcde", &providers, json!({}));
    let server = TestServer::start_with(|settings| {
        settings.apps = vec![app];
        settings.public_url = Some("https://auth.example.com".parse().unwrap());
    })
    .await;
    let checks = examine(&server).await;
    assert_eq!(found(&checks, "mail").0, "problem");
    assert_eq!(found(&checks, "application mailing-abcde").0, "ok");
    std::fs::write(folder.path().join("mailing-abcde/auth/providers.json"), "broken").unwrap();
    let checks = examine(&server).await;
    assert_eq!(found(&checks, "application mailing-abcde").0, "problem");
}

#[cfg(unix)]
#[tokio::test]
async fn a_pepper_that_others_may_read_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = TestServer::start().await;
    let file = server.folder.path().join("data/pepper");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(found(&examine(&server).await, "pepper").0, "problem");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(found(&examine(&server).await, "pepper").0, "problem");
}

#[tokio::test]
async fn a_clock_that_went_back_is_found() {
    let server = TestServer::start().await;
    server.state.clock.advance(Duration::from_hours(1));
    let url = format!("{}/api/keystead/v1/backup", server.url);
    let backup = server.request(Method::GET, &url).bearer_auth(server.admin().await).send().await.unwrap();
    assert_eq!(backup.status(), StatusCode::OK);
    assert_eq!(found(&examine(&server).await, "clock").0, "warning", "the folder's clock is an hour behind");
    let folder = server.stop().await;
    let server = TestServer::start_in(folder, |_| {}).await;
    assert_eq!(found(&examine(&server).await, "store_time").0, "problem");
}
