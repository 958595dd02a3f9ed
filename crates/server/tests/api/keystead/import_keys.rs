//! Keys that another system handed out keep working, and only they do.

use super::import_users;
use crate::support::{APP, Answer, TestServer, Tokens, hex};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const HMAC_KEY: &[u8] = b"the key that the other system had";

async fn import(server: &TestServer, query: &str, lines: &[Value]) -> Answer {
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    Answer::of(request(server, query).await.body(body)).await
}

async fn request(server: &TestServer, query: &str) -> reqwest::RequestBuilder {
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    let url = format!("{}/api/keystead/v1/apps/{app_id}/api_keys/import{query}", server.url);
    server.request(Method::POST, &url).bearer_auth(server.admin().await)
}

#[track_caller]
fn counts(answer: &Answer) -> [u64; 4] {
    answer.expect(StatusCode::OK);
    ["imported", "unchanged", "invalid", "conflicts"].map(|name| answer.body[name].as_u64().unwrap())
}

fn sha256(key: &str) -> String {
    hex(digest::digest(&digest::SHA256, key.as_bytes()).as_ref())
}

/// `sk_` and 40 characters.
fn key(number: u32) -> String {
    format!("sk_{number:0>8}abcdefghijklmnopqrstuvwxyzABCDEF")
}

fn line(user: &Tokens, number: u32) -> Value {
    json!({
        "user_id": user.user_id, "name": format!("key-{number}"), "hash": sha256(&key(number)), "algorithm": "sha256",
        "encoding": "hex", "prefix": "sk_", "length": 43, "alphabet": "alnum",
    })
}

fn with(line: &Value, changes: Value) -> Value {
    let mut line = line.clone();
    let Value::Object(changes) = changes else { panic!("no object") };
    line.as_object_mut().unwrap().extend(changes);
    line
}

#[tokio::test]
async fn keys_known_by_a_hash_log_in_in_every_algorithm_and_encoding() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let sha512 = |number| digest::digest(&digest::SHA512, key(number).as_bytes()).as_ref().to_vec();
    let hmac = |number| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, HMAC_KEY), key(number).as_bytes()).as_ref().to_vec()
    };
    let lines = [
        json!({"hmac_key_base64": STANDARD.encode(HMAC_KEY)}),
        line(&user, 1),
        with(
            &line(&user, 2),
            json!({"hash": STANDARD.encode(sha512(2)), "algorithm": "sha512", "encoding": "base64"}),
        ),
        with(
            &line(&user, 3),
            json!({"hash": URL_SAFE_NO_PAD.encode(hmac(3)), "algorithm": "hmac-sha256", "encoding": "base64url"}),
        ),
        with(
            &line(&user, 4),
            json!({"hash": sha256(&key(4)).to_uppercase(), "_id": "5f0000000000000000000001", "created_at": 1_600_000_000}),
        ),
    ];
    assert_eq!(counts(&import(&server, "", &lines).await), [4, 0, 0, 0]);
    let folder = server.stop().await;
    let server = TestServer::start_in(folder, |_| {}).await;
    for number in 1..=4 {
        for _ in 0..2 {
            let login = server.log_in_by_key(&key(number)).await.tokens();
            assert_eq!(login.user_id, user.user_id);
        }
    }
    server.log_in_by_key(&key(5)).await.expect_error(401, "AuthError", "unauthorized");
    let listed = server.get("/auth/api_keys", &user.refresh).await.body;
    assert_eq!(listed[0]["_id"], "5f0000000000000000000001", "ids sort by time");
    assert_eq!(listed.as_array().unwrap().len(), 4);
    assert_eq!(counts(&import(&server, "", &lines).await), [0, 4, 0, 0], "also after they were rehashed");
}

#[tokio::test]
async fn after_its_first_login_a_key_is_found_by_a_digest_of_ours() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    assert_eq!(counts(&import(&server, "", &[line(&user, 1)]).await), [1, 0, 0, 0]);
    let rows = |sql: &str| -> i64 {
        let connection =
            rusqlite::Connection::open(server.folder.path().join("data/keystead.sqlite3")).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let waiting = "SELECT count(*) FROM foreign_key_digests WHERE rehashed_at IS NULL";
    assert_eq!((rows(waiting), rows("SELECT count(*) FROM api_key_secrets")), (1, 0));
    let logins = futures_util::future::join_all((0..8).map(|_| {
        let key = key(1);
        let server = &server;
        async move { server.log_in_by_key(&key).await.tokens() }
    }));
    assert!(logins.await.iter().all(|login| login.user_id == user.user_id));
    assert_eq!((rows(waiting), rows("SELECT count(*) FROM api_key_secrets")), (0, 1));
    let plain = digest::digest(&digest::SHA256, key(1).as_bytes());
    let file = std::fs::read(server.folder.path().join("data/keystead.sqlite3")).unwrap();
    let log = std::fs::read(server.folder.path().join("data/keystead.sqlite3-wal")).unwrap_or_default();
    for bytes in [file, log] {
        assert!(!bytes.windows(32).any(|window| window == plain.as_ref()), "the hash itself is nowhere");
    }
}

#[tokio::test]
async fn disabling_and_deleting_end_an_imported_key_and_its_sessions() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let lines = [1, 2, 3].map(|number| line(&user, number));
    assert_eq!(counts(&import(&server, "", &lines).await), [3, 0, 0, 0]);
    let listed = server.get("/auth/api_keys", &user.refresh).await.body;
    let path = |index: usize| format!("/auth/api_keys/{}", listed[index]["_id"].as_str().unwrap());
    // Before the first login, and after it.
    let session = server.log_in_by_key(&key(1)).await.tokens();
    for index in 0..2 {
        server.put(&format!("{}/disable", path(index)), &user.refresh).await.expect(StatusCode::NO_CONTENT);
        let number = u32::try_from(index).unwrap() + 1;
        server.log_in_by_key(&key(number)).await.expect_error(401, "AuthError", "unauthorized");
    }
    assert!(!server.is_alive(&session).await);
    for index in 0..2 {
        server.put(&format!("{}/enable", path(index)), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    }
    assert!(!server.is_alive(&session).await);
    let session = server.log_in_by_key(&key(2)).await.tokens();
    for index in 0..3 {
        server.delete(&path(index), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    }
    assert!(!server.is_alive(&session).await);
    for number in 1..=3 {
        server.log_in_by_key(&key(number)).await.expect_error(401, "AuthError", "unauthorized");
    }
    assert_eq!(counts(&import(&server, "", &lines).await), [3, 0, 0, 0]);
    server.log_in_by_key(&key(3)).await.expect(StatusCode::OK);
    server
        .administer(Method::DELETE, &format!("/{}", user.user_id), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    for number in 1..=3 {
        server.log_in_by_key(&key(number)).await.expect_error(401, "AuthError", "unauthorized");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_imported_are_reported_line_by_line() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let other = server.new_user("b@example.com").await;
    let anonymous = server.new_anonymous().await;
    server.new_key(&user, "native").await;
    let lines = [
        line(&user, 1),
        with(&line(&user, 2), json!({"name": "native"})),
        line(&anonymous, 3),
        with(&line(&user, 4), json!({"user_id": "5f0000000000000000000001"})),
        line(&other, 1),
        with(&line(&user, 5), json!({"name": "no spaces"})),
        with(&line(&user, 6), json!({"length": 24})),
        with(&line(&user, 7), json!({"algorithm": "md5"})),
        with(&line(&user, 8), json!({"algorithm": "hmac-sha256"})),
        with(&line(&user, 9), json!({"hash": "secret"})),
        with(&line(&user, 10), json!({"colour": "secret"})),
    ];
    let answer = import(&server, "", &lines).await;
    assert_eq!(counts(&answer), [1, 0, 6, 4]);
    assert!(!answer.text.contains("secret"));
    let reasons: Vec<_> =
        answer.body["problems"].as_array().unwrap().iter().map(|p| p["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons[0], "the user has another API key of this name");
    assert_eq!(reasons[1], "anonymous users cannot have API keys");
    assert_eq!(reasons[2], "the application has no such user: import users first");
    assert_eq!(reasons[3], "this hash was imported for another API key");
    assert!(reasons[5].contains("at most 125 bits"), "{}", reasons[5]);
    assert_eq!(answer.body["problems"][1]["user_id"], anonymous.user_id);
}

#[tokio::test]
async fn a_user_has_at_most_twenty_keys_imported_ones_included() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let lines: Vec<_> = (1..=21).map(|number| line(&user, number)).collect();
    let trial = import(&server, "?dry_run=true", &lines).await;
    assert_eq!(counts(&trial), [20, 0, 0, 1]);
    server.log_in_by_key(&key(1)).await.expect_error(401, "AuthError", "unauthorized");
    let answer = import(&server, "", &lines).await;
    assert_eq!(counts(&answer), [20, 0, 0, 1]);
    assert_eq!(answer.body["problems"][0]["reason"], "a user can have at most 20 API keys");
    let more = server.post("/auth/api_keys", &user.refresh, json!({"name": "more"})).await;
    more.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn users_come_with_their_ids_and_keys_with_their_users() {
    let server = TestServer::start().await;
    let id = "5f00000000000000000000aa";
    import_users::import(&server, "", &[json!({"_id": id})]).await.expect(StatusCode::OK);
    let user = Tokens {
        access: String::new(),
        refresh: String::new(),
        user_id: id.into(),
        device_id: String::new(),
    };
    assert_eq!(counts(&import(&server, "", &[line(&user, 1)]).await), [1, 0, 0, 0]);
    let session = server.log_in_by_key(&key(1)).await.tokens();
    assert_eq!(session.user_id, id);
    assert!(server.is_alive(&session).await);
}

#[tokio::test]
async fn the_key_of_an_hmac_is_taken_once_and_never_shown() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let hash = hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, HMAC_KEY), key(1).as_bytes()).as_ref());
    let line = with(&line(&user, 1), json!({"hash": hash, "algorithm": "hmac-sha256"}));
    let secret = STANDARD.encode(HMAC_KEY);
    let by_header = |lines: String, secret: String| {
        let server = &server;
        async move {
            Answer::of(request(server, "").await.header("x-keystead-hmac-key", secret).body(lines)).await
        }
    };
    let twice = format!("{}\n{line}", json!({"hmac_key_base64": secret}));
    by_header(twice, secret.clone()).await.expect(StatusCode::BAD_REQUEST);
    by_header(line.to_string(), STANDARD.encode("short")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(counts(&by_header(line.to_string(), secret).await), [1, 0, 0, 0]);
    server.log_in_by_key(&key(1)).await.expect(StatusCode::OK);
    let folder = server.stop().await;
    let file = std::fs::read(folder.path().join("data/keystead.sqlite3")).unwrap();
    assert!(!file.windows(HMAC_KEY.len()).any(|window| window == HMAC_KEY), "sealed at rest");
}
