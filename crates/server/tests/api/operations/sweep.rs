//! What has expired is deleted, and nothing else.

use crate::support::smtp::MailServer;
use crate::support::{APP, Answer, PASSWORD, TestServer, Tokens, app_folder, provider};
use keystead_server::sweep_once;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

async fn sweep(server: &TestServer) {
    server.state.usage.flush(server.state.store.as_ref()).await.unwrap();
    sweep_once(&server.state).await.unwrap();
}

/// How many rows went since the server started, also when its own job swept in between.
fn swept(server: &TestServer) -> u64 {
    server.state.metrics.rows_swept.get()
}

async fn refresh(server: &TestServer, user: &Tokens) -> Answer {
    server.call(Method::POST, "/auth/session", Some(&user.refresh), None).await
}

/// An application that confirms by mail.
async fn start_with_mails() -> (TestServer, MailServer) {
    let mails = MailServer::start().await;
    let folder = TempDir::new().unwrap();
    let config = json!({"emailConfirmationUrl": "https://www.example.com/confirm"});
    let providers = json!({"local-userpass": provider("local-userpass", json!({"config": config})).1});
    let app = app_folder(folder.path(), APP, &providers, json!({}));
    let server = TestServer::start_with(|settings| {
        settings.apps = vec![app];
        settings.smtp_url = Some(mails.url.clone().into());
    })
    .await;
    (server, mails)
}

#[tokio::test]
async fn a_registration_that_nobody_confirms_is_forgotten_after_seven_days() {
    let (server, mut mails) = start_with_mails().await;
    for email in ["pending@example.com", "confirmed@example.com"] {
        server.register(email).await.expect(StatusCode::CREATED);
        let mail = mails.next().await;
        if email.starts_with("confirmed") {
            server.email("confirm", mail.token_pair()).await.expect(StatusCode::NO_CONTENT);
        }
    }
    server.state.clock.advance(6 * DAY);
    sweep(&server).await;
    server.register("pending@example.com").await.expect(StatusCode::CONFLICT);
    server.state.clock.advance(DAY + SECOND);
    sweep(&server).await;
    server.register("pending@example.com").await.expect(StatusCode::CREATED);
    server.log_in_by_email("confirmed@example.com").await;
    server.register("confirmed@example.com").await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_expired_link_is_forgotten() {
    let (server, mut mails) = start_with_mails().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let mail = mails.next().await;
    sweep(&server).await;
    assert_eq!(swept(&server), 0);
    server.state.clock.advance(Duration::from_mins(30) + SECOND);
    sweep(&server).await;
    assert_eq!(swept(&server), 1);
    let refused = server.email("confirm", mail.token_pair()).await;
    refused.expect_error(400, "BadRequest", "invalid token data");
}

#[tokio::test]
async fn a_logout_is_remembered_until_the_last_access_token_would_have_ended_anyway() {
    let lifetime = Duration::from_hours(1);
    let server = TestServer::start_with(|settings| settings.refresh_token_lifetime = lifetime).await;
    let mut user = server.new_user("a@example.com").await;
    server.state.clock.advance(Duration::from_mins(59));
    let late = refresh(&server, &user).await;
    user.access = late.body["access_token"].as_str().unwrap().to_owned();
    server.delete("/auth/session", &user.refresh).await.expect(StatusCode::NO_CONTENT);
    server.state.clock.advance(Duration::from_mins(20));
    sweep(&server).await;
    assert_eq!(swept(&server), 0);
    let sentence = "invalid session: failed to find refresh token";
    let profile = server.get("/auth/profile", &user.access).await;
    profile.expect_error(401, "InvalidSession", sentence);
    server.state.clock.advance(Duration::from_mins(12));
    sweep(&server).await;
    assert_eq!(swept(&server), 1);
    refresh(&server, &user).await.expect(StatusCode::UNAUTHORIZED);
    server.get("/auth/profile", &user.access).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_anonymous_user_who_was_not_seen_for_ninety_days_is_deleted() {
    let server = TestServer::start().await;
    let gone = server.new_anonymous().await;
    let back = server.new_anonymous().await;
    server.state.clock.advance(89 * DAY);
    refresh(&server, &back).await.expect(StatusCode::CREATED);
    sweep(&server).await;
    assert_eq!(swept(&server), 0);
    server.state.clock.advance(DAY + Duration::from_mins(1));
    sweep(&server).await;
    assert_eq!(swept(&server), 1);
    refresh(&server, &gone).await.expect(StatusCode::UNAUTHORIZED);
    refresh(&server, &back).await.expect(StatusCode::CREATED);
    let path = format!("/{}", gone.user_id);
    server.administer(Method::GET, &path, None).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_anonymous_user_who_was_just_seen_stays_although_it_is_not_written_yet() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    server.state.clock.advance(91 * DAY);
    refresh(&server, &user).await.expect(StatusCode::CREATED);
    // Uses are written in batches; the sweep must not overtake them.
    sweep_once(&server.state).await.unwrap();
    refresh(&server, &user).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_user_who_linked_an_email_stays() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let email_user = server.new_user("never-anonymous@example.com").await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let body = json!({"username": "a@example.com", "password": PASSWORD});
    server.link(&user.access, "local-userpass", body).await.expect(StatusCode::OK);
    server.state.clock.advance(400 * DAY);
    sweep(&server).await;
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, user.user_id);
    assert_eq!(server.log_in_by_email("never-anonymous@example.com").await.user_id, email_user.user_id);
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_sweep() {
    let server = TestServer::start().await;
    for _ in 0..205 {
        server.new_anonymous().await;
    }
    server.state.clock.advance(91 * DAY);
    sweep(&server).await;
    assert_eq!(swept(&server), 205);
    assert_eq!(server.administer(Method::GET, "", None).await.body, json!([]));
}
