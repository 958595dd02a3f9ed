//! The routes and their methods; and what is none of them.

use super::{CLIENT, CLIENT_APP, assert_serves, start};
use crate::support::{Answer, TestServer, raw};
use reqwest::{Method, StatusCode};
use std::collections::BTreeSet;

/// Every route below the client API's application, with its methods.
pub(super) const APP_ROUTES: [(&str, &[&str]); 13] = [
    ("/location", &["GET"]),
    ("/.well-known/jwks.json", &["GET"]),
    ("/auth/providers/local-userpass/login", &["GET", "POST"]),
    ("/auth/providers/api-key/login", &["GET", "POST"]),
    ("/auth/providers/local-userpass/register", &["POST"]),
    ("/auth/providers/local-userpass/confirm", &["POST"]),
    ("/auth/providers/local-userpass/confirm/send", &["POST"]),
    ("/auth/providers/local-userpass/confirm/call", &["POST"]),
    ("/auth/providers/local-userpass/reset", &["POST"]),
    ("/auth/providers/local-userpass/reset/send", &["POST"]),
    ("/auth/providers/local-userpass/reset/call", &["POST"]),
    ("/functions/call", &["GET", "POST"]),
    ("/push/providers/gcm/registration", &["PUT", "DELETE"]),
];

/// Every URL of the server, with its methods.
pub(super) fn all(server: &TestServer) -> Vec<(String, Vec<Method>)> {
    let app = server.state.apps().by_client_app_id(crate::support::APP).unwrap();
    let fill = |segment: &str| match segment {
        "{client_app_id}" => crate::support::APP.to_owned(),
        "{group_id}" => keystead_server::domain::admins::GROUP_ID.to_string(),
        "{app_id}" => app.ids.app_id.to_string(),
        "{provider}" => "local-userpass".to_owned(),
        parameter if parameter.starts_with('{') => "000000000000000000000000".to_owned(),
        segment => segment.to_owned(),
    };
    let url = |path: &str| path.split('/').map(fill).collect::<Vec<_>>().join("/");
    keystead_server::routes().into_iter().map(|(path, methods)| (url(path), methods)).collect()
}

async fn send(server: &TestServer, method: &str, path: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    Answer::of(server.request(method, &format!("{}{path}", server.url))).await
}

#[tokio::test]
async fn another_method_than_a_route_takes_is_405_and_told_which() {
    let server = TestServer::start().await;
    for (path, methods) in all(&server) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            if methods.iter().any(|taken| taken == method) {
                continue;
            }
            let answer = send(&server, method, &path).await;
            answer.expect(StatusCode::METHOD_NOT_ALLOWED);
            let allowed = answer.headers["allow"].to_str().unwrap();
            let allowed: BTreeSet<&str> =
                allowed.split(',').map(str::trim).filter(|m| *m != "HEAD").collect();
            assert_eq!(allowed, methods.iter().map(Method::as_str).collect(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_answer_says_how_long_it_is_and_head_says_the_same() {
    let (server, _) = start().await;
    for path in ["/livez", "/nothing", "/api/client/v2.0/auth/profile"] {
        let length = |response: &reqwest::Response| {
            let lengths: Vec<_> = response.headers().get_all("content-length").iter().cloned().collect();
            assert_eq!(lengths.len(), 1, "{path}");
            lengths[0].to_str().unwrap().parse::<usize>().unwrap()
        };
        let url = format!("{}{path}", server.url);
        let get = server.request(Method::GET, &url).send().await.unwrap();
        let head = server.request(Method::HEAD, &url).send().await.unwrap();
        assert_eq!((head.status(), length(&head)), (get.status(), length(&get)), "{path}");
        assert_eq!(length(&get), get.bytes().await.unwrap().len(), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_route_is_404() {
    let (server, _) = start().await;
    for path in [
        "/nothing",
        "/favicon.ico",
        "/.env",
        "/api",
        "/api/client/v2.0",
        "/api/client/v2.0/",
        "/api/client/v1.0/app/quickstart-abcde/location",
        "/api/client/v2.0/app",
        "/api/client/v2.0/app/quickstart-abcde",
        "/api/client/v2.0/app/quickstart-abcde/location/",
        "/api/client/v2.0/app/quickstart-abcde/auth/providers/api-key/login/more",
        "/api/client/v2.0/app/quickstart-abcde/auth/providers/api-key/register",
        "/api/client/v2.0//auth/profile",
        "/API/CLIENT/V2.0/auth/profile",
        "/api/client/v2.0/auth/api_keys/",
        "/api/admin/v3.0/groups",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            send(&server, method, path).await.expect(StatusCode::NOT_FOUND);
        }
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn no_route_of_an_unknown_application_exists() {
    let server = TestServer::start().await;
    for app in ["unknown-abcde", "QUICKSTART-ABCDE", "quickstart-abcde%20", "%00", "000000000000000000000000"]
    {
        for (path, methods) in APP_ROUTES {
            for method in methods {
                let path = format!("{CLIENT}/app/{app}{path}");
                let answer = send(&server, method, &path).await;
                answer.expect(StatusCode::NOT_FOUND);
                let id = app.replace("%20", " ").replace("%00", "\0");
                let sentence = format!("cannot find app using Client App ID '{id}'");
                answer.expect_error(404, "", &sentence);
            }
        }
    }
}

/// Sends these, and demands that each is answered by an error that blames the client.
async fn assert_all_refused(server: &TestServer, requests: Vec<(&str, String, &str)>) {
    let mut wrong = Vec::new();
    for (method, target, token) in requests {
        let authorization = format!("authorization: Bearer {token}\r\n");
        let answer = raw::request(server, method, &target, &authorization, b"").await;
        if !answer.blames_the_client() {
            let target: String = target.chars().take(150).collect();
            wrong.push(format!("{method} {target}: {} {}", answer.status, answer.text));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_serves(server).await;
}

fn admin_users(server: &TestServer) -> String {
    let app = server.state.apps().by_client_app_id(crate::support::APP).unwrap();
    let group = keystead_server::domain::admins::GROUP_ID;
    format!("/api/admin/v3.0/groups/{group}/apps/{}/users", app.ids.app_id)
}

#[tokio::test]
async fn junk_in_a_path_is_a_clients_mistake() {
    let (server, user) = start().await;
    let (admin, users) = (server.admin().await, admin_users(&server));
    let long = "a".repeat(5000);
    let mut requests = Vec::new();
    for junk in [
        "%00",
        "%ff%fe",
        "%C0%AF",
        "%",
        "%zz",
        "%2e%2e%2f%2e%2e",
        "..%5c",
        "%0d%0aX:%20y",
        "'%22%3C%3E",
        ";",
        &long,
    ] {
        requests.extend([
            ("GET", format!("{CLIENT}/app/{junk}/location"), user.access.as_str()),
            ("POST", format!("{CLIENT_APP}/auth/providers/{junk}/login"), &user.access),
            ("GET", format!("{CLIENT_APP}/auth/providers/{junk}/login"), &user.access),
            ("PUT", format!("{CLIENT_APP}/push/providers/{junk}/registration"), &user.access),
            ("GET", format!("{CLIENT}/auth/api_keys/{junk}"), &user.refresh),
            ("DELETE", format!("{CLIENT}/auth/api_keys/{junk}"), &user.refresh),
            ("PUT", format!("{CLIENT}/auth/api_keys/{junk}/enable"), &user.refresh),
            ("GET", format!("/api/admin/v3.0/groups/{junk}/apps/{junk}/users"), &admin),
            ("GET", format!("{users}/{junk}"), &admin),
            ("DELETE", format!("{users}/{junk}"), &admin),
            ("PUT", format!("{users}/{junk}/disable"), &admin),
            ("GET", format!("/{junk}"), &user.access),
        ]);
    }
    assert_all_refused(&server, requests).await;
}

#[tokio::test]
async fn junk_in_a_query_is_a_clients_mistake() {
    let (server, user) = start().await;
    let (admin, users) = (server.admin().await, admin_users(&server));
    let stream = format!("{CLIENT_APP}/functions/call");
    let requests = vec![
        ("GET", format!("{stream}?baas_request=e30&baas_request=e30"), user.access.as_str()),
        ("GET", format!("{stream}?baas_request=%ff"), &user.access),
        ("GET", format!("{stream}?baas_request=***"), &user.access),
        ("GET", format!("{stream}?baas_request=bm8ganNvbg=="), &user.access),
        ("GET", format!("{stream}?&&==&&%00"), &user.access),
        ("GET", format!("{users}?after=junk"), &admin),
        ("GET", format!("{users}?after=%ff"), &admin),
        ("GET", "/logs".to_owned(), &user.access),
        ("GET", "/logs?co_id=junk".to_owned(), &user.access),
        ("GET", "/logs?co_id=%ff&co_id=2".to_owned(), &user.access),
    ];
    assert_all_refused(&server, requests).await;
}
