//! Guessing is slowed down, and nobody else is.

use crate::support::{ADMIN_PASSWORD, Answer, PASSWORD, TestServer};
use keystead_server::settings::Settings;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const EMAIL: &str = "a@example.com";

/// Three failures per hour: so slow that nothing comes back while a test runs.
async fn start_with(change: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start_with(|settings| {
        settings.login_throttle = "3/h".parse().unwrap();
        change(settings);
    })
    .await
}

async fn start() -> TestServer {
    start_with(|_| {}).await
}

/// A server that believes this machine's `X-Forwarded-For`.
async fn start_behind_proxy() -> TestServer {
    start_with(|settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await
}

async fn guess(server: &TestServer, email: &str) -> Answer {
    server.log_in("local-userpass", json!({"username": email, "password": "wrong password"})).await
}

/// A login as if through a proxy that forwarded it for `forwarded_for`.
async fn log_in_from(server: &TestServer, forwarded_for: &str, email: &str, password: &str) -> Answer {
    let path = format!("/app/{}/auth/providers/local-userpass/login", crate::support::APP);
    let request = server.request(Method::POST, &server.client_url(&path));
    let request = request.header("x-forwarded-for", forwarded_for);
    Answer::of(request.json(&json!({"username": email, "password": password}))).await
}

#[track_caller]
fn assert_wrong(answer: &Answer) {
    answer.expect_error(401, "InvalidPassword", "unauthorized");
}

#[track_caller]
fn assert_throttled(answer: &Answer) {
    answer.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.body["error_code"], "TooManyRequests");
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
}

#[tokio::test]
async fn after_three_wrong_passwords_also_the_right_one_has_to_wait() {
    let server = start().await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    for _ in 0..3 {
        assert_wrong(&guess(&server, EMAIL).await);
    }
    assert_throttled(&guess(&server, EMAIL).await);
    let right = server.log_in("local-userpass", json!({"username": EMAIL, "password": PASSWORD})).await;
    assert_throttled(&right);
}

#[tokio::test]
async fn switched_off_it_never_refuses() {
    let server = TestServer::start_with(|settings| settings.login_throttle = "off".parse().unwrap()).await;
    for _ in 0..30 {
        let answer = server.log_in_by_key("no such key").await;
        answer.expect_error(401, "AuthError", "unauthorized");
    }
}

#[tokio::test]
async fn unknown_accounts_and_wrong_passwords_look_the_same() {
    let server = TestServer::start().await;
    server.new_user(EMAIL).await;
    let (wrong, unknown) = (guess(&server, EMAIL).await, guess(&server, "unknown@example.com").await);
    assert_wrong(&wrong);
    let without_link = |answer: &Answer| answer.text.replace(answer.body["link"].as_str().unwrap(), "");
    assert_ne!(wrong.body["link"], unknown.body["link"]);
    assert_eq!(without_link(&wrong), without_link(&unknown));
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&wrong), names(&unknown));
}

#[tokio::test]
async fn a_good_key_logs_in_from_an_address_that_guessed() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (_, key) = server.new_key(&user, "service").await;
    for _ in 0..4 {
        guess(&server, EMAIL).await;
    }
    assert_throttled(&guess(&server, "unknown@example.com").await);
    assert_eq!(server.log_in_by_key(&key).await.tokens().user_id, user.user_id);
    assert!(server.is_alive(&user).await);
}

#[tokio::test]
async fn wrong_keys_are_guesses() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (deleted_id, deleted) = server.new_key(&user, "deleted").await;
    let (_, good) = server.new_key(&user, "good").await;
    let path = format!("/auth/api_keys/{deleted_id}");
    server.delete(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
    for wrong in [&deleted, "no such key", ""] {
        server.log_in_by_key(wrong).await.expect_error(401, "AuthError", "unauthorized");
    }
    assert_throttled(&server.log_in_by_key("no such key").await);
    assert_throttled(&server.log_in_by_key(&deleted).await);
    server.log_in_by_key(&good).await.tokens();
}

#[tokio::test]
async fn a_disabled_key_is_no_guess() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (id, key) = server.new_key(&user, "disabled").await;
    let path = format!("/auth/api_keys/{id}/disable");
    server.put(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
    for _ in 0..10 {
        server.log_in_by_key(&key).await.expect_error(401, "AuthError", "unauthorized");
    }
    assert_wrong(&guess(&server, EMAIL).await);
}

#[tokio::test]
async fn the_key_of_a_disabled_user_is_no_guess() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (_, key) = server.new_key(&user, "service").await;
    let path = format!("/{}/disable", user.user_id);
    server.administer(Method::PUT, &path, None).await.expect(StatusCode::NO_CONTENT);
    for _ in 0..10 {
        server.log_in_by_key(&key).await.expect_error(401, "UserDisabled", "user disabled");
    }
    assert_wrong(&guess(&server, "unknown@example.com").await);
}

#[tokio::test]
async fn successful_logins_never_count() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (_, key) = server.new_key(&user, "service").await;
    for _ in 0..6 {
        server.log_in_by_email(EMAIL).await;
        server.log_in_by_key(&key).await.tokens();
        server.new_anonymous().await;
    }
    for _ in 0..3 {
        assert_wrong(&guess(&server, EMAIL).await);
    }
    assert_throttled(&guess(&server, EMAIL).await);
}

#[tokio::test]
async fn an_account_is_protected_from_guesses_of_many_addresses() {
    let server = start_behind_proxy().await;
    for email in [EMAIL, "b@example.com"] {
        server.register(email).await.expect(StatusCode::CREATED);
    }
    for last in 1..=3 {
        assert_wrong(&log_in_from(&server, &format!("192.0.2.{last}"), EMAIL, "wrong password").await);
    }
    assert_throttled(&log_in_from(&server, "192.0.2.4", EMAIL, PASSWORD).await);
    log_in_from(&server, "192.0.2.4", "b@example.com", PASSWORD).await.tokens();
}

#[tokio::test]
async fn unknown_accounts_are_protected_like_known_ones() {
    let server = start_behind_proxy().await;
    for last in 1..=3 {
        assert_wrong(&log_in_from(&server, &format!("192.0.2.{last}"), EMAIL, "wrong password").await);
    }
    // Otherwise the throttle would tell which accounts exist.
    assert_throttled(&log_in_from(&server, "192.0.2.4", EMAIL, "wrong password").await);
}

#[tokio::test]
async fn one_address_cannot_guess_at_many_accounts() {
    let server = start_behind_proxy().await;
    for index in 0..3 {
        let email = format!("{index}@example.com");
        // What a client writes into the header itself stands to the left and means nothing.
        let forwarded_for = format!("203.0.113.{index}, 192.0.2.1");
        assert_wrong(&log_in_from(&server, &forwarded_for, &email, "wrong password").await);
    }
    assert_throttled(&log_in_from(&server, "192.0.2.1", "3@example.com", "wrong password").await);
    assert_wrong(&log_in_from(&server, "192.0.2.2", "3@example.com", "wrong password").await);
}

#[tokio::test]
async fn a_stranger_cannot_choose_its_address() {
    let server = start().await;
    for index in 0..3 {
        let (from, email) = (format!("192.0.2.{index}"), format!("{index}@example.com"));
        assert_wrong(&log_in_from(&server, &from, &email, "wrong password").await);
    }
    assert_throttled(&log_in_from(&server, "192.0.2.9", "9@example.com", "wrong password").await);
}

#[tokio::test]
async fn a_customer_with_many_ipv6_addresses_is_one() {
    let server = start_behind_proxy().await;
    for index in 0..3 {
        let (from, email) = (format!("2001:db8:1:1::{index}"), format!("{index}@example.com"));
        assert_wrong(&log_in_from(&server, &from, &email, "wrong password").await);
    }
    assert_throttled(&log_in_from(&server, "2001:db8:1:1:ffff::9", "9@example.com", "wrong password").await);
    assert_wrong(&log_in_from(&server, "2001:db8:1:2::9", "9@example.com", "wrong password").await);
}

/// Each of these tells something to somebody who tries often enough.
#[tokio::test]
async fn asking_who_is_registered_and_guessing_tokens_is_throttled() {
    let pair = json!({"token": "0".repeat(128), "tokenId": "0".repeat(24)});
    let mut reset = pair.clone();
    reset["password"] = PASSWORD.into();
    let cases: [(&str, Value, u16); 6] = [
        ("reset/send", json!({"email": "unknown@example.com"}), 404),
        ("confirm/send", json!({"email": "unknown@example.com"}), 404),
        ("register", json!({"email": EMAIL, "password": PASSWORD}), 409),
        ("confirm", pair, 400),
        ("reset", reset, 400),
        ("login", json!({"username": "unknown@example.com", "password": PASSWORD}), 401),
    ];
    for (action, body, status) in cases {
        let server = start().await;
        server.register(EMAIL).await.expect(StatusCode::CREATED);
        for _ in 0..3 {
            assert_eq!(server.email(action, body.clone()).await.status, status, "{action}");
        }
        assert_throttled(&server.email(action, body).await);
    }
}

#[tokio::test]
async fn wrong_external_tokens_are_guesses() {
    let server = start_with(|settings| {
        let secret = ("customTokenKey", "a_secret_with_more_than_32_characters");
        settings.secrets = crate::support::secrets(&[secret]);
    })
    .await;
    for _ in 0..3 {
        let answer = server.log_in("custom-token", json!({"token": "x.y.z"})).await;
        answer.expect_error(401, "AuthError", "unauthorized");
    }
    assert_throttled(&server.log_in("custom-token", json!({"token": "x.y.z"})).await);
}

#[tokio::test]
async fn nobody_is_flooded_with_mails() {
    let server = start_behind_proxy().await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    for _ in 0..10 {
        let answer = server.email("reset/send", json!({"email": EMAIL})).await;
        answer.expect(StatusCode::NO_CONTENT);
    }
    assert_throttled(&server.email("reset/send", json!({"email": EMAIL})).await);
    server.log_in_by_email(EMAIL).await;
}

#[tokio::test]
async fn registrations_of_an_address_are_counted_too() {
    let server = start().await;
    let mut registered = 0;
    let refused = loop {
        let answer = server.register(&format!("{registered}@example.com")).await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        registered += 1;
        assert!(registered < 100, "registrations are not counted");
    };
    assert_throttled(&refused);
    assert!(registered >= 3);
}

#[tokio::test]
async fn guessing_the_administrators_password_is_throttled() {
    let server = start().await;
    let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", server.url);
    let log_in = async |password: &str| {
        let body = json!({"username": "admin@example.com", "password": password});
        Answer::of(server.request(Method::POST, &url).json(&body)).await
    };
    for _ in 0..3 {
        assert_wrong(&log_in("wrong password").await);
    }
    assert_throttled(&log_in(ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn guessing_many_times_at_once_is_no_way_around() {
    let server = std::sync::Arc::new(start().await);
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let server = std::sync::Arc::clone(&server);
        guesses.spawn(async move { guess(&server, EMAIL).await.status });
    }
    let answers = guesses.join_all().await;
    let verified = answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    // Besides the three, at most one for each thread that was hashing already.
    let threads = std::thread::available_parallelism().unwrap().get();
    assert!((3..=3 + threads).contains(&verified), "{verified} guesses were verified");
}

#[tokio::test]
async fn what_strangers_guess_locks_nobody_out_of_their_usual_place() {
    let server = start_behind_proxy().await;
    server.register(EMAIL).await.expect(StatusCode::CREATED);
    log_in_from(&server, "192.0.2.1", EMAIL, PASSWORD).await.expect(StatusCode::OK);
    for stranger in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        assert_wrong(&log_in_from(&server, stranger, EMAIL, "wrong password").await);
    }
    assert_throttled(&log_in_from(&server, "198.51.100.4", EMAIL, PASSWORD).await);
    log_in_from(&server, "192.0.2.1", EMAIL, PASSWORD).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn anonymous_users_of_an_address_are_counted_as_registrations() {
    let server = start().await;
    for _ in 0..30 {
        server.new_anonymous().await;
    }
    assert_throttled(&server.log_in("anon-user", json!({})).await);
}
