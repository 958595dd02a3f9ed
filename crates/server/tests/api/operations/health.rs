//! What operators and their machines ask.

use crate::support::{Answer, PASSWORD, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn get(server: &TestServer, path: &str) -> Answer {
    Answer::of(server.request(Method::GET, &format!("{}{path}", server.url))).await
}

/// The value of a sample, 0 if there is none yet.
async fn sample(server: &TestServer, name: &str) -> u64 {
    let metrics = get(server, "/metrics").await.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let server = TestServer::start().await;
    let live = get(&server, "/livez").await;
    live.expect(StatusCode::OK);
    assert_eq!(live.body, json!({"status": "alive"}));
    for path in ["/readyz", "/healthz"] {
        let ready = get(&server, path).await;
        ready.expect(StatusCode::OK);
        assert_eq!(ready.body, json!({"status": "ready"}));
        assert_eq!(ready.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn what_can_no_longer_be_written_is_not_acknowledged() {
    let server = TestServer::start().await;
    server.state.store.close();
    let register = server.register("a@example.com").await;
    register.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(register.body["error_code"], "MaintenanceInProgress");
    get(&server, "/livez").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn the_root_page_says_that_the_server_runs() {
    let server = TestServer::start().await;
    let root = get(&server, "/").await;
    root.expect(StatusCode::OK);
    assert!(root.text.contains("Keystead"));
    assert!(root.text.contains("http://localhost:"));
    assert!(root.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
}

#[tokio::test]
async fn requests_are_counted_by_route_and_outcome() {
    let server = TestServer::start().await;
    let route = "/api/client/v2.0/auth/api_keys/{key_id}";
    let refused = format!("keystead_http_requests_total{{route=\"{route}\",status=\"4xx\"}}");
    let timed = format!("keystead_http_request_duration_seconds_count{{route=\"{route}\"}}");
    assert_eq!(sample(&server, &refused).await, 0);
    let user = server.new_user("a@example.com").await;
    for _ in 0..3 {
        let path = "/auth/api_keys/000000000000000000000000";
        server.get(path, &user.refresh).await.expect(StatusCode::NOT_FOUND);
    }
    assert_eq!(sample(&server, &refused).await, 3);
    assert_eq!(sample(&server, &timed).await, 3);
    get(&server, "/nothing/here").await.expect(StatusCode::NOT_FOUND);
    let unknown = "keystead_http_requests_total{route=\"(unknown)\",status=\"4xx\"}";
    assert_eq!(sample(&server, unknown).await, 1);
}

#[tokio::test]
async fn logins_are_counted_by_how_they_ended() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "service").await;
    server.log_in_by_key(&key).await.tokens();
    server.log_in_by_key("no such key").await.expect(StatusCode::UNAUTHORIZED);
    server.log_in("custom-token", json!({"token": "x"})).await.expect(StatusCode::UNAUTHORIZED);
    server.administer(Method::PUT, &format!("/{}/disable", user.user_id), None).await;
    server.log_in_by_key(&key).await.expect(StatusCode::UNAUTHORIZED);
    for (provider, outcome) in [
        ("local-userpass", "success"),
        ("api-key", "success"),
        ("api-key", "refused"),
        ("api-key", "user_disabled"),
        ("custom-token", "provider_unavailable"),
    ] {
        let name = format!("keystead_logins_total{{provider=\"{provider}\",outcome=\"{outcome}\"}}");
        assert_eq!(sample(&server, &name).await, 1, "{name}");
    }
}

#[tokio::test]
async fn the_metrics_name_nobody() {
    let server = TestServer::start().await;
    let user = server.new_user("planted@example.com").await;
    let (key_id, key) = server.new_key(&user, "planted-name").await;
    let session = server.log_in_by_key(&key).await.tokens();
    server.get(&format!("/auth/api_keys/{key_id}"), &user.refresh).await.expect(StatusCode::OK);
    server.log_in_to("planted-app", "anon-user", json!({})).await.expect(StatusCode::NOT_FOUND);
    get(&server, "/planted/path").await.expect(StatusCode::NOT_FOUND);
    server.administer(Method::GET, &format!("/{}", user.user_id), None).await.expect(StatusCode::OK);
    let metrics = get(&server, "/metrics").await;
    metrics.expect(StatusCode::OK);
    assert!(metrics.text.ends_with("# EOF\n"));
    for planted in
        ["planted", &user.user_id, &key_id, &key, &session.refresh, &session.access, PASSWORD, "127.0.0.1"]
    {
        assert!(!metrics.text.contains(planted), "{planted}");
    }
}

#[tokio::test]
async fn the_link_of_an_error_leads_to_what_to_search_the_log_for() {
    let server = TestServer::start().await;
    let error = server.log_in_by_key("no such key").await;
    let link = error.body["link"].as_str().unwrap();
    assert!(link.starts_with("http://localhost:"), "{link}");
    let co_id = link.split("co_id=").nth(1).unwrap();
    assert_eq!(error.headers["x-appservices-request-id"], co_id);
    let found = Answer::of(server.request(Method::GET, &link.replacen("localhost", "127.0.0.1", 1))).await;
    found.expect(StatusCode::OK);
    assert_eq!(found.body["co_id"], co_id);
    for path in ["/logs", "/logs?co_id=", "/logs?co_id=<script>"] {
        get(&server, path).await.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn every_request_has_its_own_id() {
    let server = TestServer::start().await;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..10 {
        let answer = get(&server, "/livez").await;
        let id = answer.headers["x-appservices-request-id"].to_str().unwrap();
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert!(ids.insert(id.to_owned()), "{id} came twice");
    }
}
