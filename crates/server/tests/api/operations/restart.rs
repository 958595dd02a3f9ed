//! What a restart keeps, and that two servers do not share a data folder.

use crate::support::{APP, TestServer, Tokens, claims};
use keystead_server::Server;
use keystead_server::settings::Settings;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn restarted(server: TestServer) -> TestServer {
    TestServer::start_in(server.stop().await, |_| {}).await
}

fn app_ids(server: &TestServer) -> (String, String) {
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    (app.ids.app_id.to_string(), app.ids.domain_id.to_string())
}

async fn profile(server: &TestServer, session: &Tokens) -> Value {
    server.get("/auth/profile", &session.access).await.body
}

#[tokio::test]
async fn users_keys_sessions_and_ids_are_there_after_a_restart() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let anonymous = server.new_anonymous().await;
    let (_, key) = server.new_key(&user, "enabled").await;
    let (id, disabled_key) = server.new_key(&user, "disabled").await;
    server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    let by_key = server.log_in_by_key(&key).await.tokens();
    let keys = server.get("/auth/api_keys", &user.refresh).await.body;
    let (ids, profile_before) = (app_ids(&server), profile(&server, &user).await);

    let server = restarted(server).await;
    assert_eq!(app_ids(&server), ids);
    for session in [&user, &anonymous, &by_key] {
        assert!(server.is_alive(session).await);
    }
    assert_eq!(server.get("/auth/api_keys", &user.refresh).await.body, keys);
    // With it the identity of the key, whose use was never written on the request path.
    assert_eq!(profile(&server, &user).await, profile_before);
    assert_eq!(profile_before["identities"].as_array().unwrap().len(), 2);
    assert_eq!(server.log_in_by_key(&key).await.tokens().user_id, user.user_id);
    server.log_in_by_key(&disabled_key).await.expect_error(401, "AuthError", "unauthorized");
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, user.user_id);
    server.register("a@example.com").await.expect(StatusCode::CONFLICT);
    let taken = server.post("/auth/api_keys", &user.refresh, json!({"name": "enabled"})).await;
    taken.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_was_revoked_stays_revoked_after_a_restart() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let logged_out = server.log_in_by_email("a@example.com").await;
    let (deleted_id, deleted_key) = server.new_key(&user, "deleted").await;
    let (toggled_id, toggled_key) = server.new_key(&user, "toggled").await;
    let by_deleted = server.log_in_by_key(&deleted_key).await.tokens();
    let by_toggled = server.log_in_by_key(&toggled_key).await.tokens();
    let stopped = server.new_user("b@example.com").await;
    let deleted_user = server.new_user("c@example.com").await;
    let no_content = StatusCode::NO_CONTENT;
    server.delete("/auth/session", &logged_out.refresh).await.expect(no_content);
    server.delete(&format!("/auth/api_keys/{deleted_id}"), &user.refresh).await.expect(no_content);
    for action in ["disable", "enable"] {
        let path = format!("/auth/api_keys/{toggled_id}/{action}");
        server.put(&path, &user.refresh).await.expect(no_content);
        let path = format!("/{}/{action}", stopped.user_id);
        server.administer(Method::PUT, &path, None).await.expect(no_content);
    }
    assert!(server.delete("/auth/delete", &deleted_user.access).await.status.is_success());

    let server = restarted(server).await;
    for session in [&logged_out, &by_deleted, &by_toggled, &stopped, &deleted_user] {
        assert!(!server.is_alive(session).await, "{}", claims(&session.refresh));
    }
    assert!(server.is_alive(&user).await);
    server.log_in_by_key(&deleted_key).await.expect(StatusCode::UNAUTHORIZED);
    server.log_in_by_key(&toggled_key).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_folder_is_refused_while_the_first_runs() {
    let server = TestServer::start().await;
    let data = server.folder.path().join("data");
    let start_again = || {
        let mut settings = Settings::new(data.clone());
        settings.listen = ([127, 0, 0, 1], 0).into();
        Server::start(settings)
    };
    let refused = start_again().await.err().unwrap().to_string();
    assert!(refused.contains("another Keystead"), "{refused}");
    assert!(refused.contains(data.to_str().unwrap()), "{refused}");
    server.new_user("a@example.com").await;
    let _folder = server.stop().await;
    assert!(start_again().await.is_ok());
}

#[tokio::test]
async fn a_database_without_its_pepper_is_refused_rather_than_served_with_a_new_one() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let folder = server.stop().await;
    let pepper = folder.path().join("data/pepper");
    let saved = std::fs::read(&pepper).unwrap();
    std::fs::remove_file(&pepper).unwrap();
    let mut settings = Settings::new(folder.path().join("data"));
    settings.listen = ([127, 0, 0, 1], 0).into();
    let refused = Server::start(settings).await.err().unwrap().to_string();
    assert!(refused.contains("pepper") && refused.contains("missing"), "{refused}");
    std::fs::write(&pepper, saved).unwrap();
    let server = TestServer::start_in(folder, |_| {}).await;
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
}
