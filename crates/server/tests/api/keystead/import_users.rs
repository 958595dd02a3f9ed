//! Users of another system are taken over with their ids, and log in as before.

use crate::support::{APP, Answer, NO_MAIL_SERVER, PASSWORD, TestServer, app_folder, claims, provider, raw};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use keystead_server::domain::imports::MAX_LINES;
use keystead_server::store::audit::Action;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Sends a chunk about the users of the quickstart application.
pub(super) async fn import(server: &TestServer, query: &str, lines: &[Value]) -> Answer {
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    send(server, APP, query, body).await
}

async fn send(server: &TestServer, app: &str, query: &str, body: String) -> Answer {
    let app_id = server.state.apps().by_client_app_id(app).unwrap().ids.app_id;
    let url = format!("{}/api/keystead/v1/apps/{app_id}/users/import{query}", server.url);
    Answer::of(server.request(Method::POST, &url).bearer_auth(server.admin().await).body(body)).await
}

#[track_caller]
fn counts(answer: &Answer) -> [u64; 4] {
    answer.expect(StatusCode::OK);
    let count = |name: &str| answer.body[name].as_u64().unwrap();
    let counts = ["imported", "unchanged", "invalid", "conflicts"].map(count);
    assert_eq!(counts.iter().sum::<u64>(), count("received"));
    assert_eq!(counts[2] + counts[3], answer.body["problems"].as_array().unwrap().len() as u64);
    counts
}

fn id(number: u32) -> String {
    format!("5f00000000000000{number:08x}")
}

fn foreign_hashes() -> Vec<(&'static str, String)> {
    let password = PASSWORD.as_bytes();
    let salt = b"sixteen byte salt";
    let argon2 = |algorithm| {
        let argon2 = Argon2::new(algorithm, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        argon2.hash_password_with_salt(password, salt).unwrap().to_string()
    };
    let scrypt = scrypt::Scrypt::new_with_params(scrypt::Params::new(4, 8, 1).unwrap());
    let rounds = pbkdf2::Params::new(1_000).unwrap();
    let pbkdf2 = |algorithm| {
        pbkdf2::Pbkdf2::new(algorithm, rounds).hash_password_with_salt(password, salt).unwrap().to_string()
    };
    let bcrypt = |version| bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap().format_for_version(version);
    vec![
        ("argon2id", argon2(Algorithm::Argon2id)),
        ("argon2i", argon2(Algorithm::Argon2i)),
        ("bcrypt 2a", bcrypt(bcrypt::Version::TwoA)),
        ("bcrypt 2b", bcrypt(bcrypt::Version::TwoB)),
        ("bcrypt 2y", bcrypt(bcrypt::Version::TwoY)),
        ("scrypt", scrypt.hash_password_with_salt(password, salt).unwrap().to_string()),
        ("pbkdf2 sha256", pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha256)),
        ("pbkdf2 sha512", pbkdf2(pbkdf2::Algorithm::Pbkdf2Sha512)),
    ]
}

#[tokio::test]
async fn users_keep_their_ids_and_log_in_with_the_passwords_that_other_systems_hashed() {
    let server = TestServer::start().await;
    let hashes = foreign_hashes();
    let lines: Vec<_> = hashes
        .iter()
        .zip(1..)
        .map(|((_, hash), number)| {
            json!({"_id": id(number), "email": format!("{number}@example.com"), "password_hash": hash})
        })
        .collect();
    assert_eq!(counts(&import(&server, "", &lines).await), [8, 0, 0, 0]);
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    for ((scheme, hash), number) in hashes.iter().zip(1..) {
        let email = format!("{number}@example.com");
        let wrong = json!({"username": email, "password": "not the password"});
        let refused = server.log_in("local-userpass", wrong).await;
        refused.expect_error(401, "InvalidPassword", "unauthorized");
        for attempt in ["foreign", "rehashed"] {
            let tokens = server.log_in_by_email(&email).await;
            assert_eq!(tokens.user_id, id(number), "{scheme}, {attempt}");
        }
        let stored = server.state.store.find_email_account(app_id, &email).await.unwrap().unwrap();
        assert!(stored.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{scheme}");
        assert_ne!(stored.password_hash, *hash);
    }
    // Re-hashed ones are still the same users.
    assert_eq!(counts(&import(&server, "", &lines).await), [0, 8, 0, 0]);
}

#[tokio::test]
async fn what_was_known_of_users_is_in_their_profile() {
    let server = TestServer::start().await;
    let line = json!({
        "_id": {"$oid": id(1)},
        "type": "normal",
        "identities": [
            {"id": id(9), "provider_type": "local-userpass", "provider_id": id(8)},
            {"id": "github|7", "provider_type": "custom-token", "provider_id": id(7), "provider_data": {"login": "ada"}},
            {"id": id(6), "provider_type": "api-key", "provider_id": id(5)},
        ],
        "data": {"email": "ada@example.com", "name": "Ada"},
        "creation_date": 1_600_000_000,
        "last_authentication_date": 1_600_000_500,
        "password_hash": foreign_hashes()[2].1,
    });
    assert_eq!(counts(&import(&server, "", &[line]).await), [1, 0, 0, 0]);
    let user = server.log_in_by_email("ada@example.com").await;
    assert_eq!(user.user_id, id(1));
    let profile = server.get("/auth/profile", &user.access).await.body;
    assert_eq!(profile["data"], json!({"email": "ada@example.com", "name": "Ada", "login": "ada"}));
    let identities = profile["identities"].as_array().unwrap();
    let ids: Vec<_> =
        identities.iter().map(|identity| (&identity["provider_type"], &identity["id"])).collect();
    assert_eq!(
        ids,
        [(&json!("local-userpass"), &json!(id(9))), (&json!("custom-token"), &json!("github|7"))]
    );
    let shown = server.administer(Method::GET, &format!("/{}", id(1)), None).await.body;
    assert_eq!(shown["creation_date"], 1_600_000_000);
}

#[tokio::test]
async fn a_disabled_user_stays_disabled_and_an_unconfirmed_one_unconfirmed() {
    let server = TestServer::start().await;
    let hash = &foreign_hashes()[2].1;
    let lines = [
        json!({"_id": id(1), "email": "a@example.com", "password_hash": hash, "disabled": true}),
        json!({"_id": id(2), "email": "b@example.com", "password_hash": hash, "confirmed": false}),
    ];
    assert_eq!(counts(&import(&server, "", &lines).await), [2, 0, 0, 0]);
    let log_in = async |email: &str| {
        server.log_in("local-userpass", json!({"username": email, "password": PASSWORD})).await
    };
    log_in("a@example.com").await.expect_error(401, "UserDisabled", "user disabled");
    log_in("b@example.com").await.expect_error(401, "AuthError", "unauthorized");
    server.state.clock.advance(Duration::from_hours(10 * 365 * 24));
    keystead_server::sweep_once(&server.state).await.unwrap();
    log_in("b@example.com").await.expect_error(401, "AuthError", "unauthorized");
}

#[tokio::test]
async fn importing_again_changes_nothing_and_conflicts_harm_nobody_else() {
    let server = TestServer::start().await;
    let owner = server.new_user("taken@example.com").await;
    let user = |number: u32, email: &str| json!({"_id": id(number), "email": email});
    let token = |number: u32, name: &str| json!({"_id": id(number), "identities": [{"provider_type": "custom-token", "id": name}]});
    let first = [user(1, "one@example.com"), token(2, "two")];
    assert_eq!(counts(&import(&server, "", &first).await), [2, 0, 0, 0]);
    let again = [
        user(1, "one@example.com"),
        user(3, "taken@example.com"),
        user(1, "other@example.com"),
        token(4, "two"),
        user(5, "five@example.com"),
        user(6, "five@example.com"),
        token(2, "2"),
        user(5, "five@example.com"),
    ];
    let answer = import(&server, "", &again).await;
    assert_eq!(counts(&answer), [1, 2, 0, 5]);
    let problems: Vec<_> = answer.body["problems"].as_array().unwrap().iter().collect();
    let lines: Vec<_> = problems.iter().map(|problem| problem["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7]);
    assert!(problems.iter().all(|problem| problem["kind"] == "conflict"));
    assert_eq!(problems[0]["_id"], id(3));
    assert_eq!(problems[0]["reason"], "the email address belongs to another account");
    assert_eq!(problems[1]["reason"], "a user with this id exists, and has not this email address");
    assert_eq!(problems[2]["reason"], "the custom-token identity belongs to another user");
    assert_eq!(server.log_in_by_email("taken@example.com").await.user_id, owner.user_id);
    assert!(server.is_alive(&owner).await);
}

#[tokio::test]
async fn an_id_of_another_application_is_a_conflict() {
    let folder = tempfile::TempDir::new().unwrap();
    let app = |name| {
        app_folder(
            folder.path(),
            name,
            &Value::Object([provider("anon-user", json!({}))].into_iter().collect()),
            json!({}),
        )
    };
    let (one, two) = (app("one-aaaaa"), app("two-bbbbb"));
    let server = TestServer::start_with(|settings| settings.apps = vec![one, two]).await;
    let body = format!("{{\"_id\": \"{}\"}}", id(1));
    assert_eq!(counts(&send(&server, "one-aaaaa", "", body.clone()).await), [1, 0, 0, 0]);
    let answer = send(&server, "two-bbbbb", "", body.clone()).await;
    assert_eq!(counts(&answer), [0, 0, 0, 1]);
    assert_eq!(answer.body["problems"][0]["reason"], "a user of another application has this id");
    assert_eq!(counts(&send(&server, "one-aaaaa", "", body).await), [0, 1, 0, 0]);
}

#[tokio::test]
async fn lines_that_cannot_be_imported_are_explained_without_what_is_in_them() {
    let server = TestServer::start().await;
    let hash =
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E";
    let lines = [
        "{\"_id\": \"5f0\"}".to_owned(),
        "{\"email\": \"a@example.com\"}".to_owned(),
        "not JSON with secret".to_owned(),
        String::new(),
        format!("{{\"_id\": \"{}\", \"pasword_hash\": \"secret\"}}", id(1)),
        format!(
            "{{\"_id\": \"{}\", \"password_hash\": \"$2b$10$secret\", \"email\": \"a@example.com\"}}",
            id(1)
        ),
        format!("{{\"_id\": \"{}\", \"password_hash\": \"{hash}\", \"email\": \"a@example.com\"}}", id(1)),
        format!("{{\"_id\": \"{}\", \"password_hash\": \"{hash}\"}}", id(1)),
        format!("{{\"_id\": \"{}\", \"type\": \"server\"}}", id(1)),
        format!("{{\"_id\": \"{}\", \"data\": {{\"name\": \"secret\"}}}}", id(1)),
        format!("{{\"_id\": \"{}\", \"created_at\": 99999999999}}", id(1)),
        format!("{{\"_id\": \"{}\", \"email\": [\"secret\"]}}", id(1)),
        format!(
            "{{\"_id\": \"{}\", \"identities\": [{{\"provider_type\": \"oauth2-google\", \"id\": \"1\"}}]}}",
            id(1)
        ),
        format!("[\"{}\", \"secret\"]", id(1)),
        format!("{{\"_id\": \"{}\", \"email\": \"good@example.com\"}}\r", id(2)),
    ];
    let answer = send(&server, APP, "", lines.join("\n")).await;
    assert_eq!(counts(&answer), [1, 0, 13, 0]);
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    let problems = answer.body["problems"].as_array().unwrap();
    let reason = |line: u64| {
        let problem = problems.iter().find(|problem| problem["line"] == line).unwrap();
        (problem["reason"].as_str().unwrap(), problem["_id"].as_str() == Some(&id(1)))
    };
    assert_eq!(reason(2), ("missing field `_id`", false));
    assert_eq!(reason(5), ("unknown field `pasword_hash`", true));
    assert_eq!(reason(6), ("password_hash is no bcrypt hash", true));
    assert!(reason(7).0.starts_with("password_hash costs too much to verify: the memory of Argon2"));
    assert_eq!(reason(8), ("password_hash needs an email address", true));
    assert_eq!(reason(10), ("data needs an email address or an identity that it is kept with", true));
    assert_eq!(reason(12), ("a value of another type is expected at column 45", true));
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let server = TestServer::start().await;
    server.new_user("taken@example.com").await;
    let lines = [
        json!({"_id": id(1), "email": "a@example.com"}),
        json!({"_id": id(2), "email": "a@example.com"}),
        json!({"_id": id(3), "email": "taken@example.com"}),
        json!({"_id": "nothing"}),
    ];
    let trial = import(&server, "?dry_run=true", &lines).await;
    assert_eq!(counts(&trial), [1, 0, 1, 2]);
    assert_eq!(trial.body["dry_run"], true);
    let missing = server.administer(Method::GET, &format!("/{}", id(1)), None).await;
    missing.expect(StatusCode::NOT_FOUND);
    let real = import(&server, "?dry_run=false", &lines).await;
    assert_eq!(counts(&real), counts(&trial));
    assert_eq!(real.body["problems"], trial.body["problems"]);
    server.administer(Method::GET, &format!("/{}", id(1)), None).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_account_without_a_hash_opens_for_no_password_until_it_is_reset() {
    let server =
        TestServer::start_with(|settings| settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into())).await;
    assert_eq!(
        counts(&import(&server, "", &[json!({"_id": id(1), "email": "a@example.com"})]).await),
        [1, 0, 0, 0]
    );
    for password in ["!", "", "nobody's password", PASSWORD] {
        let refused =
            server.log_in("local-userpass", json!({"username": "a@example.com", "password": password})).await;
        refused.expect_error(401, "InvalidPassword", "unauthorized");
    }
    assert!(server.waiting_mail_tokens().await.is_empty(), "nobody is mailed unasked");
}

fn with_mail(settings: &mut keystead_server::settings::Settings, folder: &std::path::Path) {
    settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
    let config = json!({"config": {"autoConfirm": true, "resetPasswordUrl": "https://example.com/reset"}});
    let providers = Value::Object([provider("local-userpass", config)].into_iter().collect());
    settings.apps = vec![app_folder(folder, APP, &providers, json!({}))];
}

#[tokio::test]
async fn an_account_without_a_hash_is_claimed_by_a_mailed_link_within_a_week() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = TestServer::start_with(|settings| with_mail(settings, folder.path())).await;
    let lines = [
        json!({"_id": id(1), "email": "a@example.com"}),
        json!({"_id": id(2), "email": "b@example.com", "password_hash": foreign_hashes()[2].1}),
        json!({"_id": id(3), "email": "c@example.com", "disabled": true}),
        json!({"_id": id(4), "email": "no address"}),
        json!({"_id": id(5)}),
    ];
    let trial = import(&server, "?claim_mail=true&dry_run=true", &lines).await;
    assert_eq!((counts(&trial), &trial.body["claim_mails"]), ([4, 0, 1, 0], &json!(1)));
    assert!(server.waiting_mail_tokens().await.is_empty());
    let real = import(&server, "?claim_mail=true", &lines).await;
    assert_eq!((counts(&real), &real.body["claim_mails"]), ([4, 0, 1, 0], &json!(1)));
    let again = import(&server, "?claim_mail=true", &lines).await;
    assert_eq!((counts(&again), &again.body["claim_mails"]), ([0, 4, 1, 0], &json!(0)));
    let mails = server.waiting_mail_tokens().await;
    assert_eq!(mails.len(), 1);
    let (token, token_id) = &mails[0];
    server.state.clock.advance(Duration::from_hours(7 * 24 - 1));
    let body = json!({"token": token, "tokenId": token_id, "password": PASSWORD});
    server.email("reset", body.clone()).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(server.log_in_by_email("a@example.com").await.user_id, id(1));
    server.email("reset", body).await.expect_error(400, "BadRequest", "invalid token data");
}

#[tokio::test]
async fn mails_that_somebody_waits_for_are_sent_before_those_of_an_import() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = TestServer::start_with(|settings| with_mail(settings, folder.path())).await;
    let users: Vec<_> =
        (1..=30).map(|number| json!({"_id": id(number), "email": format!("{number}@example.com")})).collect();
    assert_eq!(counts(&import(&server, "?claim_mail=true", &users).await), [30, 0, 0, 0]);
    server.register("asks@example.com").await.expect(StatusCode::CREATED);
    server.email("reset/send", json!({"email": "asks@example.com"})).await.expect(StatusCode::NO_CONTENT);
    let later = server.state.clock.now().plus(Duration::from_hours(24));
    let first = server.state.store.list_due_mails(later, 1).await.unwrap();
    assert!(!first[0].bulk);
    assert_eq!(server.state.store.list_due_mails(later, 100).await.unwrap().len(), 31);
}

#[tokio::test]
async fn claims_are_refused_before_anything_is_imported_where_no_mail_can_be_sent() {
    let folder = tempfile::TempDir::new().unwrap();
    let reset = json!({"autoConfirm": true, "resetPasswordUrl": "https://example.com/reset"});
    for (config, public_url, reason) in [
        (
            json!({"autoConfirm": true}),
            "http://localhost",
            "the application does not reset passwords by mail",
        ),
        (
            json!({"autoConfirm": true, "runResetFunction": true, "resetFunctionName": "reset"}),
            "http://localhost",
            "the application resets passwords by a function",
        ),
        (reset, "https://example.com", "no mail server is set up"),
    ] {
        let providers = provider("local-userpass", json!({"config": config}));
        let providers = Value::Object([providers].into_iter().collect());
        let app = app_folder(folder.path(), APP, &providers, json!({}));
        let server = TestServer::start_with(|settings| {
            settings.apps = vec![app];
            settings.public_url = Some(public_url.parse().unwrap());
        })
        .await;
        let refused =
            import(&server, "?claim_mail=true", &[json!({"_id": id(1), "email": "a@example.com"})]).await;
        refused.expect(StatusCode::BAD_REQUEST);
        let sentence = refused.body["error"].as_str().unwrap();
        assert!(sentence.starts_with(&format!("accounts cannot be claimed by mail: {reason}")), "{sentence}");
        let user = server.administer(Method::GET, &format!("/{}", id(1)), None).await;
        user.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_chunk_is_bounded_and_remembered_in_the_audit_trail() {
    let server = TestServer::start().await;
    let lines: Vec<_> =
        (0..=MAX_LINES).map(|number| json!({"_id": id(u32::try_from(number).unwrap())})).collect();
    import(&server, "", &lines).await.expect_error(
        400,
        "BadRequest",
        "at most 2000 lines are imported at once: send them in chunks",
    );
    // Byte by byte, because the server does not read on when it has seen enough.
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    let target = format!("/api/keystead/v1/apps/{app_id}/users/import");
    let authorization = format!("authorization: Bearer {}\r\n", server.admin().await);
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let refused = raw::request(&server, "POST", &target, &authorization, &large).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(counts(&import(&server, "", &lines[1..]).await), [2000, 0, 0, 0]);
    let connection = rusqlite::Connection::open(server.folder.path().join("data/keystead.sqlite3")).unwrap();
    let subjects: Vec<String> = connection
        .prepare("SELECT subject FROM audit_events WHERE action = ?1")
        .unwrap()
        .query_map([Action::UsersImported.as_str()], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(subjects, ["500 users"; 4]);
}

#[tokio::test]
async fn only_administrators_import() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let app_id = server.state.apps().by_client_app_id(APP).unwrap().ids.app_id;
    for noun in ["users", "api_keys"] {
        let url = format!("{}/api/keystead/v1/apps/{app_id}/{noun}/import", server.url);
        let anonymous = Answer::of(server.request(Method::POST, &url).body("{}")).await;
        anonymous.expect(StatusCode::UNAUTHORIZED);
        for token in [&user.access, &user.refresh] {
            let refused = Answer::of(server.request(Method::POST, &url).bearer_auth(token).body("{}")).await;
            refused.expect(StatusCode::UNAUTHORIZED);
        }
    }
    assert_eq!(claims(&user.access)["sub"], user.user_id);
}

#[tokio::test]
async fn a_user_who_comes_back_with_their_id_does_not_bring_back_their_sessions() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    server
        .administer(Method::DELETE, &format!("/{}", user.user_id), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    assert!(!server.is_alive(&user).await);
    let line = json!({"_id": user.user_id, "email": "a@example.com"});
    assert_eq!(counts(&import(&server, "", &[line]).await), [1, 0, 0, 0]);
    assert!(!server.is_alive(&user).await);
}
