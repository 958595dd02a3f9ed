//! Logs are for machines when no person watches.

use crate::support::Invocation;
use crate::support::api::{APP, Api};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

#[tokio::test]
async fn every_line_is_json_and_a_refusal_is_found_by_its_link() {
    let folder = TempDir::new().unwrap();
    let mut server = Invocation::serve(folder.path()).start_ready();
    let api = Api::new(&server.url);
    let refused = [
        api.log_in_by_email("nobody@example.com", "wrong password").await,
        api.call(Method::GET, "/auth/profile", Some("garbage"), None).await,
        api.call(Method::GET, "/no/such/route", None, None).await,
        api.call(Method::PATCH, &format!("/app/{APP}/location"), None, None).await,
        api.call(Method::GET, "/app/nothing-aaaaa/location", None, None).await,
        api.email("register", json!({"email": "a", "password": "short"})).await,
    ];
    for answer in refused {
        let id = answer.headers["x-appservices-request-id"].to_str().unwrap().to_owned();
        let link = answer.string("link");
        assert!(link.ends_with(&format!("/logs?co_id={id}")), "{link} {id}");
        let logged = server.wait_for_line(&id, |line| line["co_id"] == id);
        assert_eq!(logged["status"], answer.status.as_u16(), "{logged}");
        assert!(logged["method"].is_string() && logged["route"].is_string(), "{logged}");
    }
    let ended = server.stop();
    assert!(!ended.stderr.is_empty());
    for line in ended.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for member in ["timestamp", "level", "message"] {
            assert!(line[member].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn how_much_is_logged_is_a_setting() {
    let folder = TempDir::new().unwrap();
    for (level, answered_is_logged) in [("info", false), ("debug", true)] {
        let mut server = Invocation::serve(folder.path()).args(["--log", level]).start_ready();
        let api = Api::new(&server.url);
        let answer = api.call(Method::GET, &format!("/app/{APP}/location"), None, None).await;
        let id = answer.headers["x-appservices-request-id"].to_str().unwrap();
        // The log is in order: when a later line is there, an earlier one would be, too.
        let later = api.call(Method::GET, "/no/such/route", None, None).await;
        let later = later.headers["x-appservices-request-id"].to_str().unwrap();
        server.wait_for_line(later, |line| line["co_id"] == later);
        assert_eq!(server.log().iter().any(|line| line["co_id"] == id), answered_is_logged, "{level}");
        server.stop();
    }
}

#[test]
fn the_banner_is_for_terminals() {
    let folder = TempDir::new().unwrap();
    let first = Invocation::serve(folder.path()).start_ready().stop();
    assert!(!first.stdout.contains("realm-web"), "{}", first.stdout);
    let second = Invocation::serve(folder.path()).start_ready().stop();
    assert_eq!(second.stdout, "");
}
