//! Pages of other origins, protocol §1.10.

use crate::support::{APP, Answer, PASSWORD, TestServer, app_folder, provider};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const ALLOWED: &str = "https://app.example.com";
const LOGIN: &str = "/app/quickstart-abcde/auth/providers/local-userpass/login";

/// The quickstart's application id, for pages of [`ALLOWED`] and of one more origin only.
async fn start_restricted() -> TestServer {
    let folder = TempDir::new().unwrap();
    let providers = json!({
        "api-key": provider("api-key", json!({})).1,
        "local-userpass": provider("local-userpass", json!({"config": {"autoConfirm": true}})).1,
    });
    let root = json!({"allowed_request_origins": [ALLOWED, "http://localhost:8080/"]});
    let app = app_folder(folder.path(), APP, &providers, root);
    TestServer::start_with(|settings| settings.apps = vec![app]).await
}

/// A request of a page of `origin`.
async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    origin: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let mut request = server.request(method, &server.client_url(path)).header("origin", origin);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::of(request.json(&body.unwrap_or_else(|| json!({})))).await
}

/// What a browser asks before it lets a page send `method`.
async fn preflight(server: &TestServer, path: &str, origin: &str, method: &str) -> Answer {
    let request = server.request(Method::OPTIONS, &server.client_url(path)).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    Answer::of(request.header("access-control-request-headers", "authorization, content-type, x-own")).await
}

fn listed(answer: &Answer, name: &str) -> Vec<String> {
    let value = answer.headers[name].to_str().unwrap();
    value.split(',').map(|item| item.trim().to_ascii_lowercase()).collect()
}

#[track_caller]
fn assert_blocked(answer: &Answer) {
    answer.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.body["error_code"], "DomainNotAllowed");
    assert_eq!(answer.headers.get("access-control-allow-origin"), None, "the page may not read this");
}

#[tokio::test]
async fn a_browser_may_send_every_method_and_header_that_sdks_use() {
    let server = TestServer::start().await;
    for (path, method) in [
        (LOGIN, "POST"),
        ("/auth/api_keys", "POST"),
        ("/auth/session", "DELETE"),
        ("/auth/api_keys/x/enable", "PUT"),
    ] {
        let answer = preflight(&server, path, "https://anywhere.example", method).await;
        answer.expect(StatusCode::NO_CONTENT);
        assert_eq!(answer.headers["access-control-allow-origin"], "https://anywhere.example");
        assert_eq!(answer.headers["access-control-allow-credentials"], "true");
        assert!(listed(&answer, "access-control-allow-methods").contains(&method.to_ascii_lowercase()));
        for header in ["authorization", "content-type", "x-own"] {
            assert!(
                listed(&answer, "access-control-allow-headers").contains(&header.to_owned()),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_may_read_answers_and_errors_and_their_headers() {
    let server = TestServer::start().await;
    let origin = "http://localhost:8080";
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let good = json!({"username": "a@example.com", "password": PASSWORD});
    let bad = json!({"username": "a@example.com", "password": "wrong password"});
    let (good, bad) = (
        send(&server, Method::POST, LOGIN, origin, None, Some(good)).await,
        send(&server, Method::POST, LOGIN, origin, None, Some(bad)).await,
    );
    good.expect(StatusCode::OK);
    bad.expect(StatusCode::UNAUTHORIZED);
    let unauthenticated = send(&server, Method::GET, "/auth/profile", origin, None, None).await;
    unauthenticated.expect(StatusCode::UNAUTHORIZED);
    let unknown = send(&server, Method::GET, "/app/unknown/location", origin, None, None).await;
    unknown.expect(StatusCode::NOT_FOUND);
    for answer in [good, bad, unauthenticated, unknown] {
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert!(listed(&answer, "vary").contains(&"origin".to_owned()), "a cache must keep origins apart");
        let exposed = listed(&answer, "access-control-expose-headers");
        for header in ["x-baas-location", "x-appservices-request-id", "retry-after"] {
            assert!(exposed.contains(&header.to_owned()), "{exposed:?}");
        }
    }
}

#[tokio::test]
async fn without_an_origin_nothing_is_said_of_origins() {
    let server = start_restricted().await;
    let user = server.new_user("a@example.com").await;
    let answer = server.get("/auth/profile", &user.access).await;
    answer.expect(StatusCode::OK);
    assert_eq!(answer.headers.get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_page_of_a_listed_origin_passes() {
    let server = start_restricted().await;
    let user = server.new_user("a@example.com").await;
    for origin in [ALLOWED, "http://localhost:8080"] {
        preflight(&server, LOGIN, origin, "POST").await.expect(StatusCode::NO_CONTENT);
        preflight(&server, "/auth/api_keys", origin, "POST").await.expect(StatusCode::NO_CONTENT);
        let body = json!({"username": "a@example.com", "password": PASSWORD});
        send(&server, Method::POST, LOGIN, origin, None, Some(body)).await.tokens();
        let keys = send(&server, Method::GET, "/auth/api_keys", origin, Some(&user.refresh), None).await;
        keys.expect(StatusCode::OK);
        assert_eq!(keys.headers["access-control-allow-origin"], origin);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_blocked_where_the_path_names_the_application() {
    let server = start_restricted().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    for origin in
        ["https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com"]
    {
        assert_blocked(&preflight(&server, LOGIN, origin, "POST").await);
        let location = format!("/app/{APP}/location");
        assert_blocked(&send(&server, Method::GET, &location, origin, None, None).await);
        let body = json!({"username": "a@example.com", "password": PASSWORD});
        assert_blocked(&send(&server, Method::POST, LOGIN, origin, None, Some(body)).await);
        let register = LOGIN.replace("/login", "/register");
        let body = json!({"email": "b@example.com", "password": PASSWORD});
        assert_blocked(&send(&server, Method::POST, &register, origin, None, Some(body)).await);
    }
    server.register("b@example.com").await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_page_of_another_origin_is_blocked_where_the_token_names_the_application() {
    let server = start_restricted().await;
    let user = server.new_user("a@example.com").await;
    let origin = "https://evil.example";
    assert_blocked(&preflight(&server, "/auth/api_keys", origin, "GET").await);
    for (method, path, token) in [
        (Method::GET, "/auth/api_keys", &user.refresh),
        (Method::POST, "/auth/session", &user.refresh),
        (Method::GET, "/auth/profile", &user.access),
        (Method::DELETE, "/auth/session", &user.refresh),
        (Method::DELETE, "/auth/delete", &user.access),
    ] {
        assert_blocked(&send(&server, method, path, origin, Some(token), None).await);
    }
    assert!(server.is_alive(&user).await);
}

#[tokio::test]
async fn the_streaming_form_is_blocked_also_with_its_token_in_the_query() {
    let server = start_restricted().await;
    let user = server.new_user("a@example.com").await;
    let path = format!("/app/{APP}/functions/call?baas_request=e30&baas_at={}", user.access);
    assert_blocked(&send(&server, Method::GET, &path, "https://evil.example", None, None).await);
}

#[tokio::test]
async fn pages_have_no_business_with_the_admin_api_and_the_metrics() {
    let server = TestServer::start().await;
    for path in ["/api/admin/v3.0/auth/profile", "/metrics"] {
        let request = server.request(Method::GET, &format!("{}{path}", server.url));
        let answer = Answer::of(request.header("origin", "https://evil.example")).await;
        assert_eq!(answer.headers.get("access-control-allow-origin"), None, "{path}");
    }
}
