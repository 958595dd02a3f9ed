//! Sessions of administrators, protocol §7.1: opened with the account or a key pair, and ended for good.

use super::{Administrator, log_in_by_key};
use crate::support::{ADMIN_PASSWORD, Answer, PASSWORD, TestServer, Tokens};
use keystead_server::domain::throttle::ThrottleRate;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const REFUSED: &str =
    "failed to authenticate with MongoDB Cloud API: You are not authorized for this resource.";

async fn send(server: &TestServer, method: Method, path: &str, token: Option<&str>) -> Answer {
    let mut request = server.request(method, &format!("{}/api/admin/v3.0/auth{path}", server.url));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::of(request).await
}

async fn log_in(server: &TestServer, password: &str) -> Answer {
    let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", server.url);
    let body = json!({"username": "admin@example.com", "password": password});
    Answer::of(server.request(Method::POST, &url).json(&body)).await
}

/// Whether both tokens of an administrator work; they must agree.
async fn is_alive(server: &TestServer, tokens: &Tokens) -> bool {
    let profile = send(server, Method::GET, "/profile", Some(&tokens.access)).await;
    let refresh = send(server, Method::POST, "/session", Some(&tokens.refresh)).await;
    assert_eq!(profile.status.is_success(), refresh.status.is_success(), "{profile:?} {refresh:?}");
    if !profile.status.is_success() {
        let sentence = "invalid session: failed to find refresh token";
        profile.expect_error(401, "InvalidSession", sentence);
        refresh.expect_error(401, "InvalidSession", sentence);
    }
    profile.status.is_success()
}

#[tokio::test]
async fn the_ways_to_log_in_are_listed() {
    let server = TestServer::start().await;
    let answer = send(&server, Method::GET, "/providers", None).await;
    answer.expect(StatusCode::OK);
    let provider = |name| json!({"name": name, "type": name, "disabled": false});
    assert_eq!(answer.body, json!([provider("local-userpass"), provider("mongodb-cloud")]));
}

#[tokio::test]
async fn a_key_pair_logs_in_and_its_profile_has_one_group() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    for apps in [Value::Null, json!([]), json!([admin.quickstart().id])] {
        let (pair, by_key) = admin.new_key_pair(apps).await;
        let login = log_in_by_key(&server, &pair).await;
        assert_eq!(login.body.as_object().unwrap().len(), 4);
        assert!(login.body.as_object().unwrap().values().all(Value::is_string));
        let profile = by_key.send(Method::GET, "/auth/profile", None).await;
        profile.expect(StatusCode::OK);
        assert_eq!((&profile.body["user_id"], &profile.body["type"]), (&pair["_id"], &json!("normal")));
        assert_eq!(profile.body["data"], json!({"email": pair["public_key"], "name": "pair"}));
        let roles = profile.body["roles"].as_array().unwrap();
        assert!(roles.iter().all(|role| role["role_name"] == "GROUP_OWNER"));
        let groups: BTreeSet<_> = roles.iter().map(|role| role["group_id"].as_str().unwrap()).collect();
        assert_eq!(groups.len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_pair_is_refused_with_the_sentence_that_tools_know() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let (first, _) = admin.new_key_pair(Value::Null).await;
    let (second, _) = admin.new_key_pair(Value::Null).await;
    let mut changed = first["private_key"].as_str().unwrap().to_owned();
    changed.replace_range(20..21, if changed.as_bytes()[20] == b'A' { "B" } else { "A" });
    for (public, private) in [
        (&first["public_key"], &second["private_key"]),
        (&first["public_key"], &json!(changed)),
        (&first["public_key"], &first["public_key"]),
        (&first["private_key"], &first["private_key"]),
        (&first["_id"], &first["private_key"]),
        (&json!("admin@example.com"), &json!(ADMIN_PASSWORD)),
        (&json!("unknown"), &first["private_key"]),
        (&json!(""), &json!("")),
    ] {
        let pair = json!({"public_key": public, "private_key": private});
        log_in_by_key(&server, &pair).await.expect_error(401, "", REFUSED);
    }
    log_in_by_key(&server, &first).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn logging_out_ends_one_session_with_its_access_tokens_for_good() {
    let server = TestServer::start().await;
    let (ended, other) = (log_in(&server, ADMIN_PASSWORD).await, log_in(&server, ADMIN_PASSWORD).await);
    let (ended, other) = (ended.tokens(), other.tokens());
    let renewed = send(&server, Method::POST, "/session", Some(&ended.refresh)).await;
    renewed.expect(StatusCode::CREATED);
    let renewed = Tokens { access: renewed.body["access_token"].as_str().unwrap().into(), ..ended.clone() };
    let out = send(&server, Method::DELETE, "/session", Some(&ended.refresh)).await;
    out.expect(StatusCode::NO_CONTENT);
    assert_eq!(out.text, "");
    assert!(!is_alive(&server, &ended).await && !is_alive(&server, &renewed).await);
    assert!(is_alive(&server, &other).await);
    let again = send(&server, Method::DELETE, "/session", Some(&ended.refresh)).await;
    again.expect_error(401, "InvalidSession", "invalid session: failed to find refresh token");
    server.assert_remembered("admin.logged_out", None, None);

    let server = TestServer::start_in(server.stop().await, |_| {}).await;
    assert!(!is_alive(&server, &ended).await);
    assert!(is_alive(&server, &other).await);
}

#[tokio::test]
async fn a_logout_is_remembered_for_as_long_as_a_token_of_it_could_live() {
    let server = TestServer::start().await;
    let admin = log_in(&server, ADMIN_PASSWORD).await.tokens();
    server.state.clock.advance(Duration::from_hours(24) - Duration::from_mins(1));
    let renewed = send(&server, Method::POST, "/session", Some(&admin.refresh)).await;
    let access = renewed.body["access_token"].as_str().unwrap();
    send(&server, Method::DELETE, "/session", Some(&admin.refresh)).await.expect(StatusCode::NO_CONTENT);
    server.state.clock.advance(Duration::from_mins(20));
    keystead_server::sweep_once(&server.state).await.unwrap();
    let late = send(&server, Method::GET, "/profile", Some(access)).await;
    late.expect_error(401, "InvalidSession", "invalid session: failed to find refresh token");
}

#[tokio::test]
async fn only_the_refresh_token_of_an_administrator_logs_one_out() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let admin = log_in(&server, ADMIN_PASSWORD).await.tokens();
    for token in [&user.access, &user.refresh, &admin.access] {
        send(&server, Method::DELETE, "/session", Some(token)).await.expect(StatusCode::UNAUTHORIZED);
    }
    let none = send(&server, Method::DELETE, "/session", None).await;
    none.expect_error(401, "", "must authenticate first");
    assert!(is_alive(&server, &admin).await && server.is_alive(&user).await);
    let theirs = server.call(Method::DELETE, "/auth/session", Some(&admin.refresh), None).await;
    theirs.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn failed_logins_are_remembered_without_what_was_typed() {
    let server = TestServer::start().await;
    log_in(&server, PASSWORD).await.expect_error(401, "InvalidPassword", "unauthorized");
    let pair = json!({"public_key": "typed here by mistake", "private_key": "typed"});
    log_in_by_key(&server, &pair).await.expect_error(401, "", REFUSED);
    let failed: Vec<_> =
        server.remembered("admin.logged_in").into_iter().filter(|it| it.outcome == "refused").collect();
    assert_eq!(failed.len(), 2);
    for it in failed {
        assert_eq!((it.actor.as_str(), it.user_id, it.subject), ("nobody", None, None));
    }
    log_in(&server, ADMIN_PASSWORD).await.expect(StatusCode::OK);
    server.assert_remembered("admin.logged_in", None, None);
}

#[tokio::test]
async fn failed_logins_are_throttled_and_a_right_key_pair_is_let_in_all_the_same() {
    let server = TestServer::start_with(|settings| settings.login_throttle = ThrottleRate::per_hour(3)).await;
    let admin = Administrator::log_in(&server).await;
    let (pair, _) = admin.new_key_pair(Value::Null).await;
    let wrong = json!({"public_key": pair["public_key"], "private_key": "ks_admin_guess"});
    for _ in 0..3 {
        log_in_by_key(&server, &wrong).await.expect_error(401, "", REFUSED);
    }
    for answer in [log_in_by_key(&server, &wrong).await, log_in(&server, ADMIN_PASSWORD).await] {
        answer.expect(StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.headers.contains_key("retry-after"));
    }
    let refused = server.remembered("admin.logged_in").into_iter().filter(|it| it.outcome == "refused");
    assert_eq!(refused.count(), 3, "what is not even looked at is not remembered one by one");
    log_in_by_key(&server, &pair).await.expect(StatusCode::OK);
}
