//! Logging in, protocol §1.3 and §1.4.

use crate::support::{APP, Answer, PASSWORD, TestServer, app_folder, provider};
use keystead_server::app_config::Source;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const OTHER_APP: &str = "other-abcde";
const NO_DEVICE: &str = "000000000000000000000000";

/// A key of the right form that nobody has.
const NOBODYS_BODY: &str = "ks_user_aaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The quickstart and one more application with these providers.
async fn start_with_other_app(providers: Vec<(String, Value)>) -> TestServer {
    let folder = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
    let providers = Value::Object(providers.into_iter().collect());
    let other = app_folder(folder.path(), OTHER_APP, &providers, json!({}));
    TestServer::start_in(folder, |settings| settings.apps = vec![Source::Quickstart, other]).await
}

async fn anonymous_with_device(server: &TestServer, device: Value) -> Answer {
    server.log_in("anon-user", json!({"options": {"device": device}})).await
}

#[tokio::test]
async fn a_key_logs_in_as_its_owner_and_appears_among_the_identities() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "myApiKey").await;
    let identities = |profile: Answer| profile.body["identities"].as_array().unwrap().clone();
    assert_eq!(identities(server.get("/auth/profile", &user.access).await).len(), 1);

    let by_key = server.log_in_by_key(&key).await.tokens();
    assert_eq!(by_key.user_id, user.user_id);
    for session in [&by_key, &user] {
        let identities = identities(server.get("/auth/profile", &session.access).await);
        assert_eq!(identities.len(), 2);
        assert_eq!(identities[0]["provider_type"], json!("local-userpass"));
        assert_eq!((&identities[1]["provider_type"], &identities[1]["id"]), (&json!("api-key"), &json!(id)));
    }
    server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(identities(server.get("/auth/profile", &user.access).await).len(), 1);
}

#[tokio::test]
async fn every_member_of_the_answer_is_a_string_and_none_is_missing() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    for answer in [
        server.log_in("anon-user", json!({})).await,
        server.log_in_by_key(&key).await,
        server.log_in("local-userpass", json!({"username": "a@example.com", "password": PASSWORD})).await,
    ] {
        answer.expect(StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        let members = answer.body.as_object().unwrap();
        let names: Vec<_> = members.keys().map(String::as_str).collect();
        let expected = ["access_token", "device_id", "refresh_token", "user_id"];
        assert!(names.len() == 4 && expected.iter().all(|name| members[*name].is_string()), "{names:?}");
        assert!(is_id(answer.body["user_id"].as_str().unwrap()));
        assert_eq!(answer.body["device_id"], json!(NO_DEVICE));
    }
}

#[tokio::test]
async fn members_that_sdks_add_are_ignored() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, key) = server.new_key(&user, "one").await;
    let body = json!({
        "provider": "api-key", "key": key, "extra": {"$numberInt": "1"},
        "options": {"device": {"sdk": "js", "platformVersion": "22", "cpuArch": ""}, "more": null},
    });
    assert_eq!(server.log_in("api-key", body).await.tokens().user_id, user.user_id);
}

#[tokio::test]
async fn keys_that_do_not_log_in_cannot_be_told_apart() {
    let key_provider = vec![provider("api-key", json!({}))];
    let server = start_with_other_app(key_provider).await;
    let user = server.new_user("a@example.com").await;
    let (disabled_id, disabled) = server.new_key(&user, "disabled").await;
    let (deleted_id, deleted) = server.new_key(&user, "deleted").await;
    let (_, good) = server.new_key(&user, "good").await;
    let session = &user.refresh;
    server
        .put(&format!("/auth/api_keys/{disabled_id}/disable"), session)
        .await
        .expect(StatusCode::NO_CONTENT);
    server.delete(&format!("/auth/api_keys/{deleted_id}"), session).await.expect(StatusCode::NO_CONTENT);
    let last = if good.ends_with('0') { '1' } else { '0' };
    let wrong_checksum = format!("{}{last}", &good[..good.len() - 1]);
    let checksum = crate::client::api_keys::base62_crc32(NOBODYS_BODY);
    let nobodys = format!("{NOBODYS_BODY}{checksum}");
    let old_form = "a".repeat(64);

    let expected = server.log_in_by_key("garbage").await;
    expected.expect_error(401, "AuthError", "unauthorized");
    for key in [&disabled, &deleted, &wrong_checksum, &nobodys, &old_form, "", "ks_user_", "\u{0}é"] {
        assert_eq!(server.log_in_by_key(key).await.distinguishable(), expected.distinguishable(), "{key}");
    }
    let elsewhere = server.log_in_to(OTHER_APP, "api-key", json!({"key": good})).await;
    assert_eq!(elsewhere.distinguishable(), expected.distinguishable());
    server.log_in_by_key(&good).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_good_key_of_a_disabled_user_says_so_and_a_bad_one_does_not() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, good) = server.new_key(&user, "good").await;
    let (id, disabled) = server.new_key(&user, "disabled").await;
    server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    let path = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    server.log_in_by_key(&good).await.expect_error(401, "UserDisabled", "user disabled");
    server.log_in_by_key(&disabled).await.expect_error(401, "AuthError", "unauthorized");
}

#[tokio::test]
async fn who_says_nothing_of_a_device_has_none() {
    let server = TestServer::start().await;
    for body in [json!({}), json!({"options": {}}), json!({"options": {"device": null}})] {
        assert_eq!(server.log_in("anon-user", body).await.tokens().device_id, NO_DEVICE);
    }
}

#[tokio::test]
async fn a_device_without_an_id_gets_a_new_one_and_a_known_one_keeps_its() {
    let server = TestServer::start().await;
    let first = anonymous_with_device(&server, json!({"platform": "node"})).await.tokens();
    let second = anonymous_with_device(&server, json!({"platform": "node"})).await.tokens();
    assert!(is_id(&first.device_id) && first.device_id != NO_DEVICE);
    assert_ne!(first.device_id, second.device_id);
    for sent in [json!({"$oid": first.device_id}), json!(first.device_id)] {
        let device = json!({"deviceId": sent, "platform": "node"});
        let again = anonymous_with_device(&server, device).await.tokens();
        assert_eq!(again.device_id, first.device_id);
        let claims = crate::support::claims(&again.access);
        assert_eq!(claims["baas_device_id"], json!(first.device_id));
    }
}

#[tokio::test]
async fn anonymous_users_log_in_without_a_body_and_each_is_somebody_new() {
    let server = TestServer::start().await;
    let url = server.client_url(&format!("/app/{APP}/auth/providers/anon-user/login"));
    let first = Answer::of(server.request(Method::POST, &url)).await.tokens();
    let second = Answer::of(server.request(Method::POST, &url)).await.tokens();
    assert_ne!(first.user_id, second.user_id);
    let typed = server.request(Method::POST, &url).header("content-type", "application/json").body("");
    Answer::of(typed).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_application_is_named_in_the_refusal() {
    let server = TestServer::start().await;
    for provider in ["anon-user", "api-key", "nonsense"] {
        let answer = server.log_in_to("nope-abcde", provider, json!({"key": "k"})).await;
        answer.expect_error(404, "", "cannot find app using Client App ID 'nope-abcde'");
    }
}

#[tokio::test]
async fn providers_that_are_unknown_disabled_or_absent_refuse_with_unauthorized() {
    let off = json!({"disabled": true, "config": {"autoConfirm": true}});
    let server =
        start_with_other_app(vec![provider("local-userpass", off), provider("api-key", json!({}))]).await;
    let credentials = json!({"username": "a@example.com", "password": PASSWORD, "key": "k", "token": "t"});
    for (app, provider) in [
        (OTHER_APP, "local-userpass"),
        (OTHER_APP, "anon-user"),
        (OTHER_APP, "custom-token"),
        (OTHER_APP, "custom-function"),
        (APP, "custom-token"),
        (APP, "oauth2-google"),
        (APP, "oauth2-facebook"),
        (APP, "oauth2-apple"),
        (APP, "nonsense"),
    ] {
        let answer = server.log_in_to(app, provider, credentials.clone()).await;
        answer.expect(StatusCode::UNAUTHORIZED);
        assert!(answer.body["error"].as_str().unwrap().contains("unauthorized"), "{provider} {answer:?}");
        assert_ne!(answer.body["error_code"], json!("InvalidSession"));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_cannot_be_told_apart() {
    let server = TestServer::start().await;
    server.new_user("a@example.com").await;
    server.register("never-logged-in@example.com").await.expect(StatusCode::CREATED);
    let log_in = |username: &'static str, password: &'static str| {
        server.log_in("local-userpass", json!({"username": username, "password": password}))
    };
    let unknown = log_in("nobody@example.com", PASSWORD).await;
    unknown.expect_error(401, "InvalidPassword", "unauthorized");
    for (username, password) in [
        ("a@example.com", "wrong password"),
        ("a@example.com", ""),
        ("never-logged-in@example.com", "wrong password"),
        ("A@example.com", PASSWORD),
        ("", ""),
    ] {
        let refused = log_in(username, password).await;
        assert_eq!(refused.distinguishable(), unknown.distinguishable(), "{username}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_logins_of_one_account_at_once_make_one_user() {
    let server = TestServer::start().await;
    server.register("a@example.com").await.expect(StatusCode::CREATED);
    let url = server.client_url(&format!("/app/{APP}/auth/providers/local-userpass/login"));
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let body = json!({"username": "a@example.com", "password": PASSWORD});
        logins.spawn(Answer::of(server.request(Method::POST, &url).json(&body)));
    }
    let mut users: Vec<_> = logins.join_all().await.iter().map(|answer| answer.tokens().user_id).collect();
    users.dedup();
    assert_eq!(users.len(), 1);
}
