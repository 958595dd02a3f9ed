//! User API keys, protocol §4.

mod requests;

use crate::support::{Answer, PASSWORD, TestServer, Tokens};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use tokio::task::JoinSet;

const WRONG_CHARACTERS: &str = "can only contain ASCII letters, numbers, underscores, and hyphens";
const UNKNOWN_ID: &str = "5f5f5f5f5f5f5f5f5f5f5f5f";

async fn create(server: &TestServer, user: &Tokens, name: &str) -> Answer {
    server.post("/auth/api_keys", &user.refresh, json!({"name": name})).await
}

async fn names(server: &TestServer, user: &Tokens) -> Vec<String> {
    let keys = server.get("/auth/api_keys", &user.refresh).await;
    keys.expect(StatusCode::OK);
    let name = |key: &Value| key["name"].as_str().unwrap().to_owned();
    keys.body.as_array().unwrap().iter().map(name).collect()
}

/// Every request that names a key.
async fn requests_about(server: &TestServer, user: &Tokens, id: &str) -> Vec<Answer> {
    vec![
        server.get(&format!("/auth/api_keys/{id}"), &user.refresh).await,
        server.put(&format!("/auth/api_keys/{id}/enable"), &user.refresh).await,
        server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await,
        server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await,
    ]
}

/// The checksum of key strings, written here a second time.
pub(in crate::client) fn base62_crc32(text: &str) -> String {
    let alphabet: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let mut rest = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = ['0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[rest % 62];
        rest /= 62;
    }
    digits.iter().collect()
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_secret() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let created = create(&server, &user, "myApiKey").await;
    created.expect(StatusCode::CREATED);
    let id = created.body["_id"].as_str().unwrap();
    let key = created.body["key"].as_str().unwrap();
    assert_eq!(created.body, json!({"_id": id, "key": key, "name": "myApiKey", "disabled": false}));
    assert_eq!(created.headers["cache-control"], "no-store");
    let shown = json!({"_id": id, "name": "myApiKey", "disabled": false});
    assert_eq!(server.get("/auth/api_keys", &user.refresh).await.body, json!([shown]));
    assert_eq!(server.get(&format!("/auth/api_keys/{id}"), &user.refresh).await.body, shown);
}

#[tokio::test]
async fn a_key_has_a_plain_id_and_a_string_of_the_documented_form() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let (_, second) = server.new_key(&user, "two").await;
    assert!(id.len() == 24 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    let body = key.strip_prefix("ks_user_").unwrap();
    assert_eq!(body.len(), 2 + 43 + 6);
    assert!(body.bytes().all(|b| b.is_ascii_alphanumeric()));
    let (signed, checksum) = key.split_at(key.len() - 6);
    assert_eq!(checksum, base62_crc32(signed));
    assert_eq!(body[..2], second["ks_user_".len()..][..2], "one owner, one locator");
    assert_ne!(body[2..45], second["ks_user_".len()..][2..45]);
}

#[tokio::test]
async fn the_prefix_of_keys_is_a_setting_and_old_keys_outlive_its_change() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (_, old) = server.new_key(&user, "old").await;
    let folder = server.stop().await;
    let change = |settings: &mut keystead_server::settings::Settings| {
        settings.key_prefix = "acme_live".parse().unwrap();
    };
    let server = TestServer::start_in(folder, change).await;
    let (_, new) = server.new_key(&user, "new").await;
    assert!(new.starts_with("acme_live_"));
    for key in [old, new] {
        assert_eq!(server.log_in_by_key(&key).await.tokens().user_id, user.user_id);
    }
}

#[tokio::test]
async fn names_have_only_letters_digits_underscores_and_hyphens() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let too_long = "a".repeat(65);
    for bad in ["a b", "a.b", "ключ", "a\u{0}b", "a\n", " ", "$name", "a/b", "é", "🔑", too_long.as_str()]
    {
        create(&server, &user, bad).await.expect_error(400, "InvalidParameter", WRONG_CHARACTERS);
    }
    assert_eq!(names(&server, &user).await, [""; 0]);
    let longest = "a".repeat(64);
    for good in ["a", "A-Z_0-9", "-", "_", "0", longest.as_str()] {
        create(&server, &user, good).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_name_that_is_empty_missing_or_no_string_is_a_missing_name_without_a_code() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for body in [
        json!({"name": ""}),
        json!({}),
        json!({"name": null}),
        json!({"name": 5}),
        json!({"name": true}),
        json!({"name": ["a"]}),
        json!({"name": {"$numberInt": "5"}}),
        json!({"Name": "a"}),
    ] {
        let answer = server.post("/auth/api_keys", &user.refresh, body).await;
        answer.expect_error(400, "", "'name' is a required string");
        assert!(answer.body.get("error_code").is_none(), "{answer:?}");
    }
    let no_body = server.call(Method::POST, "/auth/api_keys", Some(&user.refresh), None).await;
    no_body.expect_error(400, "", "'name' is a required string");
    assert_eq!(names(&server, &user).await, [""; 0]);
}

#[tokio::test]
async fn a_user_cannot_have_two_keys_of_one_name_but_two_users_can() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, _) = server.new_key(&user, "same").await;
    let taken = create(&server, &user, "same").await;
    assert_eq!((taken.status.as_u16(), &taken.body["error_code"]), (409, &json!("APIKeyAlreadyExists")));
    server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    create(&server, &user, "same").await.expect(StatusCode::CONFLICT);
    create(&server, &user, "Same").await.expect(StatusCode::CREATED);
    let other = server.new_user("b@example.com").await;
    create(&server, &other, "same").await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn the_name_of_a_deleted_key_can_be_used_again() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (old_id, old_key) = server.new_key(&user, "again").await;
    server.delete(&format!("/auth/api_keys/{old_id}"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    let (new_id, new_key) = server.new_key(&user, "again").await;
    assert_ne!(old_id, new_id);
    server.log_in_by_key(&new_key).await.expect(StatusCode::OK);
    server.log_in_by_key(&old_key).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(names(&server, &user).await, ["again"]);
}

/// Sends all of `names` at once and returns the answers.
async fn create_at_once(server: &TestServer, user: &Tokens, names: Vec<String>) -> Vec<Answer> {
    let mut requests = JoinSet::new();
    for name in names {
        let request = server.request(Method::POST, &server.client_url("/auth/api_keys"));
        requests.spawn(Answer::of(request.bearer_auth(&user.refresh).json(&json!({"name": name}))));
    }
    requests.join_all().await
}

fn count(answers: &[Answer], status: StatusCode) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_create_the_same_name_at_once_exactly_one_wins() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for round in 0..5 {
        let answers = create_at_once(&server, &user, vec![format!("name{round}"); 16]).await;
        assert_eq!(count(&answers, StatusCode::CREATED), 1);
        assert_eq!(count(&answers, StatusCode::CONFLICT), 15);
    }
    assert_eq!(names(&server, &user).await.len(), 5);
}

#[tokio::test]
async fn a_user_can_have_twenty_keys_and_a_deletion_makes_room_for_one_more() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let mut ids = Vec::new();
    for index in 0..20 {
        ids.push(server.new_key(&user, &format!("key{index}")).await.0);
    }
    // Creation order, which tells numbers from text: key10 would sort before key2.
    let expected: Vec<String> = (0..20).map(|index| format!("key{index}")).collect();
    assert_eq!(names(&server, &user).await, expected);
    let refused = create(&server, &user, "one-more").await;
    assert_eq!((refused.status.as_u16(), &refused.body["error_code"]), (400, &json!("BadRequest")));
    server.put(&format!("/auth/api_keys/{}/disable", ids[0]), &user.refresh).await;
    create(&server, &user, "one-more").await.expect(StatusCode::BAD_REQUEST);
    server.delete(&format!("/auth/api_keys/{}", ids[0]), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    create(&server, &user, "one-more").await.expect(StatusCode::CREATED);
    let other = server.new_user("b@example.com").await;
    create(&server, &other, "one-more").await.expect(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_for_the_last_keys_ends_with_exactly_twenty() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let wanted: Vec<String> = (0..40).map(|index| format!("key{index}")).collect();
    let answers = create_at_once(&server, &user, wanted).await;
    assert_eq!(count(&answers, StatusCode::CREATED), 20);
    assert_eq!(count(&answers, StatusCode::BAD_REQUEST), 20);
    let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED);
    let created: HashSet<_> =
        created.map(|answer| answer.body["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names(&server, &user).await.into_iter().collect::<HashSet<_>>(), created);
}

#[tokio::test]
async fn anonymous_users_cannot_have_keys_until_they_link_an_email_address() {
    let server = TestServer::start().await;
    let user = server.new_anonymous().await;
    let refused = create(&server, &user, "mine").await;
    assert_eq!((refused.status.as_u16(), &refused.body["error_code"]), (403, &json!("Forbidden")));
    server.register("a@example.com").await;
    let credentials = json!({"username": "a@example.com", "password": PASSWORD});
    server.link(&user.access, "local-userpass", credentials).await.expect(StatusCode::OK);
    let (_, key) = server.new_key(&user, "mine").await;
    assert_eq!(server.log_in_by_key(&key).await.tokens().user_id, user.user_id);
}

#[tokio::test]
async fn the_key_of_another_user_looks_like_one_that_does_not_exist() {
    let server = TestServer::start().await;
    let owner = server.new_user("a@example.com").await;
    let stranger = server.new_user("b@example.com").await;
    let (id, key) = server.new_key(&owner, "mine").await;
    let foreign = requests_about(&server, &stranger, &id).await;
    let unknown = requests_about(&server, &stranger, UNKNOWN_ID).await;
    let malformed = requests_about(&server, &stranger, "not-an-id").await;
    let too_long = requests_about(&server, &stranger, &"a".repeat(25)).await;
    for (index, answer) in foreign.iter().enumerate() {
        answer.expect_error(404, "APIKeyNotFound", "API key not found");
        for other in [&unknown, &malformed, &too_long] {
            assert_eq!(other[index].distinguishable(), answer.distinguishable());
        }
    }
    let untouched = json!([{"_id": id, "name": "mine", "disabled": false}]);
    assert_eq!(server.get("/auth/api_keys", &owner.refresh).await.body, untouched);
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn enabling_and_disabling_twice_is_as_good_as_once() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, _) = server.new_key(&user, "mine").await;
    for (action, disabled) in [("enable", false), ("disable", true), ("disable", true), ("enable", false)] {
        let answer = server.put(&format!("/auth/api_keys/{id}/{action}"), &user.refresh).await;
        answer.expect(StatusCode::NO_CONTENT);
        assert!(answer.text.is_empty() && !answer.headers.contains_key("content-type"));
        let shown = server.get(&format!("/auth/api_keys/{id}"), &user.refresh).await;
        assert_eq!(shown.body, json!({"_id": id, "name": "mine", "disabled": disabled}));
    }
    let deleted = server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await;
    deleted.expect(StatusCode::NO_CONTENT);
    assert!(deleted.text.is_empty() && !deleted.headers.contains_key("content-type"));
    for answer in requests_about(&server, &user, &id).await {
        answer.expect_error(404, "APIKeyNotFound", "API key not found");
    }
}

#[tokio::test]
async fn deleting_the_key_in_use_is_forbidden() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "in-use").await;
    let (other_id, _) = server.new_key(&user, "other").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let refused = server.delete(&format!("/auth/api_keys/{id}"), &by_key.refresh).await;
    assert_eq!((refused.status.as_u16(), &refused.body["error_code"]), (403, &json!("Forbidden")));
    assert!(server.is_alive(&by_key).await);
    create(&server, &by_key, "from-a-key-session").await.expect(StatusCode::CREATED);
    let other = format!("/auth/api_keys/{other_id}");
    server.delete(&other, &by_key.refresh).await.expect(StatusCode::NO_CONTENT);
    server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(names(&server, &user).await, ["from-a-key-session"]);
}
