//! Drafts and deployments, protocol §7.8.

use super::Administrator;
use crate::support::TestServer;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn every_change_is_a_deployment_and_making_an_application_is_none() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("deployed").await;
    assert_eq!(app.get("/deployments").await.body, json!([]));
    app.create("/values", json!({"name": "v", "value": "1"})).await;
    let deployments = app.get("/deployments").await;
    let [only] = deployments.body.as_array().unwrap().as_slice() else { panic!("{deployments:?}") };
    assert_eq!((&only["status"], &only["app_id"]), (&json!("successful"), &json!(app.id)));
    assert!(only["deployed_at"].is_i64());
    for n in 0..30 {
        app.create("/values", json!({"name": format!("v{n}"), "value": n})).await;
    }
    let deployments = app.get("/deployments").await;
    let ids: Vec<_> = deployments.body.as_array().unwrap().iter().map(|one| one["_id"].to_string()).collect();
    assert_eq!(ids.len(), 25);
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first");
}

#[tokio::test]
async fn a_draft_takes_effect_when_it_is_deployed() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("drafted").await;
    let draft = app.create("/drafts", json!({})).await;
    assert_eq!(draft.body["app"]["_id"], app.id);
    let id = draft.body["_id"].as_str().unwrap();
    let again = app.send(Method::POST, "/drafts", None).await;
    again.expect(StatusCode::CONFLICT);
    assert_eq!(again.body["error_code"], "DraftAlreadyExists");
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    assert_eq!(app.get("/auth_providers").await.body.as_array().unwrap().len(), 2);
    let login = || app.client("/auth/providers/anon-user/login", json!({}));
    login().await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/deployments").await.body, json!([]));
    let diff = app.get(&format!("/drafts/{id}/diff")).await;
    assert_eq!(diff.body, json!({"diffs": ["added: authentication provider \"anon-user\""]}));
    let deployed = app.send(Method::POST, &format!("/drafts/{id}/deployment"), None).await;
    deployed.expect(StatusCode::CREATED);
    assert_eq!((&deployed.body["status"], &deployed.body["draft_id"]), (&json!("successful"), &json!(id)));
    login().await.expect(StatusCode::OK);
    assert_eq!(app.get("/drafts").await.body, json!([]));
    let deployment = deployed.body["_id"].as_str().unwrap();
    assert_eq!(app.get(&format!("/deployments/{deployment}")).await.body["status"], "successful");
    app.send(Method::POST, &format!("/drafts/{id}/deployment"), None).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_draft_that_is_thrown_away_changes_nothing() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("discarded").await;
    let id = app.create_id("/drafts", json!({})).await;
    app.create("/values", json!({"name": "v", "value": "1"})).await;
    app.send(Method::DELETE, &format!("/drafts/{id}"), None).await.expect(StatusCode::NO_CONTENT);
    app.send(Method::DELETE, &format!("/drafts/{id}"), None).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(app.get("/values").await.body, json!([]));
}

#[tokio::test]
async fn an_application_can_be_what_it_was_again() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("back").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    let before = app.get("/deployments").await.body[0]["_id"].as_str().unwrap().to_owned();
    let provider = app.provider_id("anon-user").await;
    app.send(Method::DELETE, &format!("/auth_providers/{provider}"), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    let login = || app.client("/auth/providers/anon-user/login", json!({}));
    login().await.expect(StatusCode::UNAUTHORIZED);
    app.send(Method::POST, &format!("/deployments/{before}/redeploy"), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    login().await.expect(StatusCode::OK);
    let unknown = format!("/deployments/{}/redeploy", app.id);
    app.send(Method::POST, &unknown, None).await.expect_error(
        404,
        "DeploymentNotFound",
        "deployment not found",
    );
}
