//! Key pairs of administrators: of the whole server, of some applications, or of none.

use crate::admin::{Administrator, log_in_by_key};
use crate::support::raw::HeldBack;
use crate::support::{APP, Answer, TestServer, app_folder, provider};
use keystead_server::domain::admins::GROUP_ID;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

const WHOLE_SERVER: &str =
    "this needs an administrator of the whole server: your admin key is for some applications only";

/// A server of the bundled application and another one.
async fn start_two() -> TestServer {
    let folder = TempDir::new().unwrap();
    let providers = json!({"anon-user": provider("anon-user", json!({})).1});
    let apps = [APP, "another-abcde"].map(|app| app_folder(folder.path(), app, &providers, json!({})));
    TestServer::start_with(|settings| settings.apps = apps.to_vec()).await
}

async fn list(admin: &Administrator<'_>) -> Answer {
    admin.own(Method::GET, "/admin_keys", None).await
}

#[tokio::test]
async fn a_private_key_is_shown_once() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart().id;
    let (whole, _) = admin.new_key_pair(Value::Null).await;
    let (some, _) = admin.new_key_pair(json!([app])).await;
    assert_ne!(whole["private_key"], some["private_key"]);
    let private = whole["private_key"].as_str().unwrap();
    assert!(private.starts_with("ks_admin_") && private.len() == 52, "{private}");
    assert_eq!((&whole["apps"], &some["apps"]), (&Value::Null, &json!([app])));
    let without_private = [&whole, &some].map(|pair| {
        let mut pair = pair.clone();
        pair.as_object_mut().unwrap().remove("private_key");
        let members: Vec<_> = pair.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["_id", "apps", "created_at", "disabled", "name", "public_key"]);
        assert!(pair["created_at"].is_i64() && pair["disabled"] == json!(false));
        pair
    });
    let listed = list(&admin).await;
    listed.expect(StatusCode::OK);
    assert_eq!(listed.body, json!(without_private));
    server.assert_remembered("admin_key.created", None, some["_id"].as_str());

    let folder = server.stop().await;
    for entry in std::fs::read_dir(folder.path().join("data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let secret = &private.as_bytes()["ks_admin_".len()..];
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "a private key is stored");
    }
    let server = TestServer::start_in(folder, |_| {}).await;
    log_in_by_key(&server, &whole).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_pair_for_an_application_does_not_see_another_one() {
    let server = start_two().await;
    let admin = Administrator::log_in(&server).await;
    let (own, other) = (admin.quickstart().id, admin.folder_app("another-abcde").id);
    let (_, restricted) = admin.new_key_pair(json!([own])).await;
    let listed = restricted.send(Method::GET, &restricted.apps, None).await;
    let ids: Vec<_> = listed.body.as_array().unwrap().iter().map(|app| app["_id"].clone()).collect();
    assert_eq!(ids, [json!(own)]);
    restricted.quickstart().get("/users").await;

    let group = keystead_server::domain::admins::GROUP_ID.to_string();
    let mut compared = 0;
    for (path, methods) in keystead_server::routes() {
        if !path.contains("{app_id}") {
            continue;
        }
        let url = |app: &str| {
            let path = path.replace("{group_id}", &group).replace("{app_id}", app);
            let fill = |segment: &str| {
                if segment.starts_with('{') {
                    "5f5f5f5f5f5f5f5f5f5f5f5f".to_owned()
                } else {
                    segment.to_owned()
                }
            };
            path.split('/').map(fill).collect::<Vec<_>>().join("/")
        };
        for method in methods {
            let unknown = "000000000000000000000000";
            let hidden = restricted.request(method.clone(), &url(&other), Some(json!({}))).await;
            let missing = restricted.request(method.clone(), &url(unknown), Some(json!({}))).await;
            hidden.expect(StatusCode::NOT_FOUND);
            let told = |answer: &Answer, id: &str| {
                let (status, headers, text) = answer.distinguishable();
                (status, headers, text.replace(id, "id"))
            };
            assert_eq!(told(&hidden, &other), told(&missing, unknown), "{method} {path}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared}");
}

#[tokio::test]
async fn what_concerns_the_whole_server_is_refused_to_a_pair_for_some_applications() {
    let server = start_two().await;
    let admin = Administrator::log_in(&server).await;
    let all = json!([admin.quickstart().id, admin.folder_app("another-abcde").id]);
    let (_, restricted) = admin.new_key_pair(all).await;
    let (pair, whole) = admin.new_key_pair(Value::Null).await;
    let app = json!({"name": "mine"});
    for (method, path, body) in [
        (Method::POST, format!("/api/admin/v3.0{}", admin.apps), Some(app.clone())),
        (Method::GET, "/api/keystead/v1/admin_keys".into(), None),
        (Method::GET, "/api/keystead/v1/backup".into(), None),
        (Method::GET, "/api/keystead/v1/doctor".into(), None),
        (Method::POST, "/api/keystead/v1/admin_keys".into(), Some(json!({"name": "more"}))),
        (Method::POST, "/api/keystead/v1/admin_keys".into(), Some(json!({"name": "more", "apps": []}))),
        (Method::DELETE, format!("/api/keystead/v1/admin_keys/{}", pair["_id"].as_str().unwrap()), None),
    ] {
        restricted.request(method, &path, body).await.expect_error(403, "Forbidden", WHOLE_SERVER);
    }
    let verify = restricted.own(Method::POST, "/audit/verify", Some(json!({}))).await;
    verify.expect_error(403, "Forbidden", WHOLE_SERVER);
    assert_eq!(list(&whole).await.body.as_array().unwrap().len(), 2);
    whole.send(Method::POST, &whole.apps, Some(app)).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_pair_for_an_application_reads_what_is_remembered_of_it_alone() {
    let server = start_two().await;
    let admin = Administrator::log_in(&server).await;
    let (own, other) = (admin.quickstart().id, admin.folder_app("another-abcde").id);
    let (_, restricted) = admin.new_key_pair(json!([own])).await;
    let user = server.new_anonymous().await.user_id;
    restricted.quickstart().change(Method::PUT, &format!("/users/{user}/disable"), json!({})).await;
    let read = async |query: &str| restricted.own(Method::GET, &format!("/audit{query}"), None).await;
    let events = read(&format!("?app_id={own}")).await;
    events.expect(StatusCode::OK);
    let events = events.body["events"].as_array().unwrap().clone();
    assert_eq!(events[0]["action"], "user.disabled");
    assert!(events.iter().all(|event| event["app_id"] == json!(own)));
    let (hidden, unknown) = (format!("?app_id={other}"), "?app_id=000000000000000000000000");
    for query in ["", &format!("?user_id={user}"), &hidden, unknown] {
        read(query).await.expect_error(403, "Forbidden", WHOLE_SERVER);
    }
}

#[tokio::test]
async fn an_administrator_of_nothing_is_possible() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (pair, nothing) = admin.new_key_pair(json!([])).await;
    assert_eq!(pair["apps"], json!([]));
    assert_eq!(nothing.send(Method::GET, &nothing.apps, None).await.body, json!([]));
    let users = nothing.quickstart().send(Method::GET, "/users", None).await;
    users.expect(StatusCode::NOT_FOUND);
    nothing.own(Method::GET, "/admin_keys", None).await.expect_error(403, "Forbidden", WHOLE_SERVER);
}

#[tokio::test]
async fn deleting_a_pair_ends_its_sessions_at_once() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (pair, by_key) = admin.new_key_pair(Value::Null).await;
    let (_, other) = admin.new_key_pair(Value::Null).await;
    let refresh = log_in_by_key(&server, &pair).await.tokens().refresh;
    let path = format!("/admin_keys/{}", pair["_id"].as_str().unwrap());
    by_key.send(Method::GET, &by_key.apps, None).await.expect(StatusCode::OK);
    admin.own(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
    by_key.send(Method::GET, &by_key.apps, None).await.expect(StatusCode::UNAUTHORIZED);
    let url = format!("{}/api/admin/v3.0/auth/session", server.url);
    let renewed = Answer::of(server.request(Method::POST, &url).bearer_auth(refresh)).await;
    renewed.expect(StatusCode::UNAUTHORIZED);
    log_in_by_key(&server, &pair).await.expect(StatusCode::UNAUTHORIZED);
    other.send(Method::GET, &other.apps, None).await.expect(StatusCode::OK);
    server.assert_remembered("admin_key.deleted", None, pair["_id"].as_str());
    admin.own(Method::DELETE, &path, None).await.expect_error(404, "APIKeyNotFound", "API key not found");
    let junk = admin.own(Method::DELETE, "/admin_keys/junk", None).await;
    junk.expect_error(404, "APIKeyNotFound", "API key not found");
}

#[tokio::test]
async fn a_pair_needs_a_name_and_applications_that_exist() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart().id;
    for (body, code) in [
        (json!({}), ""),
        (json!({"name": ""}), ""),
        (json!({"name": "two words"}), "InvalidParameter"),
        (json!({"name": "pair", "apps": ["000000000000000000000000"]}), "InvalidParameter"),
        (json!({"name": "pair", "apps": [app, "junk"]}), "InvalidParameter"),
        (json!({"name": "pair", "apps": app}), "BadRequest"),
    ] {
        let answer = admin.own(Method::POST, "/admin_keys", Some(body.clone())).await;
        answer.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.body["error_code"].as_str().unwrap_or_default(), code, "{body}");
    }
    assert_eq!(list(&admin).await.body, json!([]));
}

#[tokio::test]
async fn nobody_and_no_user_manages_pairs() {
    let server = Arc::new(TestServer::start().await);
    let user = server.new_user("a@example.com").await;
    let path = "/api/keystead/v1/admin_keys";
    let one = format!("{path}/000000000000000000000000");
    for (method, path) in [(Method::GET, path), (Method::POST, path), (Method::DELETE, one.as_str())] {
        let url = format!("{}{path}", server.url);
        let none = Answer::of(server.request(method.clone(), &url)).await;
        none.expect_error(401, "", "must authenticate first");
        for token in [&user.access, &user.refresh] {
            let answer = Answer::of(server.request(method.clone(), &url).bearer_auth(token)).await;
            answer.expect(StatusCode::UNAUTHORIZED);
        }
    }
}

/// A request whose head came before the pair was deleted and whose body comes after it.
#[tokio::test]
async fn a_body_that_was_held_back_makes_nothing_after_the_pair_was_deleted() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart().id;
    for (path, body) in [
        ("/api/keystead/v1/admin_keys".to_owned(), r#"{"name":"hidden"}"#),
        (format!("/api/admin/v3.0/groups/{GROUP_ID}/apps/{app}/api_keys"), r#"{"name":"hidden"}"#),
        (
            format!("/api/admin/v3.0/groups/{GROUP_ID}/apps/{app}/users"),
            r#"{"email":"hidden@example.com","password":"hidden password"}"#,
        ),
        (format!("/api/admin/v3.0/groups/{GROUP_ID}/apps"), r#"{"name":"hidden"}"#),
        (
            format!(
                "/api/admin/v3.0/groups/{GROUP_ID}/apps/{app}/debug/execute_function_source?run_as_system=true"
            ),
            r#"{"source":"exports = () => 1;"}"#,
        ),
    ] {
        let (pair, thief) = admin.new_key_pair(Value::Null).await;
        let held = HeldBack::begin(&server, "POST", &path, thief.token(), body).await;
        let deletion = format!("/admin_keys/{}", pair["_id"].as_str().unwrap());
        admin.own(Method::DELETE, &deletion, None).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(held.finish().await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(list(&admin).await.body, json!([]));
    assert_eq!(admin.quickstart().get("/api_keys").await.body, json!([]));
    assert_eq!(admin.quickstart().get("/users").await.body, json!([]));
    assert_eq!(server.state.apps().iter().count(), 1);
}
