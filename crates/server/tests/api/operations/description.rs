//! The description of the HTTP interface, and the page that shows it. That it is true is tried by
//! `conformance/openapi`.

use crate::support::{Answer, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;

async fn description() -> Value {
    let server = TestServer::start().await;
    let answer = Answer::of(server.request(Method::GET, &format!("{}/openapi.json", server.url))).await;
    answer.expect(StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    answer.body
}

/// The names in `$ref`s below.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => {
                        found.insert(target.replace("#/components/schemas/", ""));
                    }
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_method_of_every_route_is_described() {
    let description = description().await;
    assert_eq!(description["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, methods) in keystead_server::routes() {
        let described = description["paths"][path].as_object().unwrap();
        assert_eq!(described.len(), methods.len(), "{path}");
        for method in methods {
            let operation = &described[&method.as_str().to_ascii_lowercase()];
            assert!(
                operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()),
                "{method} {path}"
            );
            assert!(operation["responses"].as_object().is_some_and(|all| all.len() > 3), "{method} {path}");
            assert!(ids.insert(operation["operationId"].to_string()), "two operations are {operation}");
        }
    }
}

#[tokio::test]
async fn every_schema_that_is_referred_to_is_there() {
    let description = description().await;
    let mut referred = BTreeSet::new();
    references(&description, &mut referred);
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let missing: Vec<_> = referred.iter().filter(|name| !schemas.contains_key(*name)).collect();
    assert!(missing.is_empty() && referred.contains("ErrorBody"), "{missing:?}");
}

#[tokio::test]
async fn a_routes_token_is_described_as_its_extractor_wants_it() {
    let description = description().await;
    for (path, method, scheme) in [
        ("/api/client/v2.0/auth/profile", "get", "access"),
        ("/api/client/v2.0/auth/api_keys", "post", "refresh"),
        ("/api/admin/v3.0/auth/session", "post", "admin_refresh"),
        ("/api/keystead/v1/audit", "get", "admin_access"),
    ] {
        let security = &description["paths"][path][method]["security"];
        assert!(
            security[0].get(scheme).is_some() && security.as_array().unwrap().len() == 1,
            "{path} {security}"
        );
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_may_run_its_own_script_only() {
    let server = TestServer::start().await;
    let page = server.request(Method::GET, &format!("{}/docs", server.url)).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script-src 'unsafe"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains(" src="), "{page}");
}
