//! Where the SDKs send everything else, protocol §1.2.

use crate::support::{APP, TestServer, app_folder};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tempfile::TempDir;

#[tokio::test]
async fn clients_are_told_the_public_url() {
    let server = TestServer::start_with(|settings| {
        settings.public_url = Some("https://auth.example.com/".parse().unwrap());
    })
    .await;
    let answer = server.call(Method::GET, &format!("/app/{APP}/location"), None, None).await;
    answer.expect(StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    let expected = json!({
        "deployment_model": "GLOBAL",
        "location": "US-VA",
        "hostname": "https://auth.example.com",
        "ws_hostname": "wss://auth.example.com",
    });
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn without_a_public_url_clients_are_told_this_machine() {
    let server = TestServer::start().await;
    let answer = server.call(Method::GET, &format!("/app/{APP}/location"), None, None).await;
    let port = server.url.rsplit(':').next().unwrap();
    assert_eq!(answer.body["hostname"], format!("http://localhost:{port}"));
    assert_eq!(answer.body["ws_hostname"], format!("ws://localhost:{port}"));
}

#[tokio::test]
async fn the_location_is_the_applications() {
    let folder = TempDir::new().unwrap();
    let root = json!({"deployment_model": "LOCAL", "location": "IE"});
    let app = app_folder(folder.path(), "local-abcde", &json!({}), root);
    let server = TestServer::start_with(|settings| settings.apps = vec![app]).await;
    let answer = server.call(Method::GET, "/app/local-abcde/location", None, None).await;
    assert_eq!((&answer.body["deployment_model"], &answer.body["location"]), (&json!("LOCAL"), &json!("IE")));
    let answer = server.call(Method::GET, &format!("/app/{APP}/location"), None, None).await;
    answer.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unknown_application_is_404_in_the_words_that_sdks_look_for() {
    let server = TestServer::start().await;
    let answer = server.call(Method::GET, "/app/smurf/location", None, None).await;
    answer.expect_error(404, "", "cannot find app using Client App ID 'smurf'");
    let answer = server.log_in_to("smurf", "anon-user", json!({})).await;
    answer.expect_error(404, "", "cannot find app using Client App ID 'smurf'");
}
