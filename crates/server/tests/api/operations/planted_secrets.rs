//! Nothing that must stay secret is on disk, in the metrics or in the body of an error. What is in
//! the log is tested where the log is.

use crate::support::{ADMIN_PASSWORD, APP, Answer, NO_MAIL_SERVER, TestServer, Tokens, jwt, secrets};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;

const EMAIL: &str = "planted-address@example.com";
const PASSWORD: &str = "planted-password-0c1d7a";
const NEW_PASSWORD: &str = "planted-password-after-the-reset-9e2b";
const CUSTOM_TOKEN_SECRET: &str = "planted-secret-of-custom-tokens-5f5f5f5f";

async fn start() -> TestServer {
    TestServer::start_with(|settings| {
        settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
        settings.secrets = secrets(&[("customTokenKey", CUSTOM_TOKEN_SECRET)]);
    })
    .await
}

fn credentials(password: &str) -> Value {
    json!({"username": EMAIL, "password": password})
}

/// The random part of a key: how it starts and ends is kept, to be shown.
fn random_part(key: &str) -> String {
    key["ks_user_".len() + 4..key.len() - 6].to_owned()
}

/// A token's parts; its header is no secret.
fn token_parts(tokens: &Tokens) -> Vec<String> {
    let parts = [&tokens.access, &tokens.refresh].into_iter().flat_map(|token| token.split('.').skip(1));
    parts.map(str::to_owned).collect()
}

/// Uses every credential there is, and returns what must be nowhere.
async fn whole_flow(server: &TestServer) -> Vec<String> {
    let registration = json!({"email": EMAIL, "password": PASSWORD});
    server.email("register", registration).await.expect(StatusCode::CREATED);
    let user = server.log_in("local-userpass", credentials(PASSWORD)).await.tokens();
    let (_, key) = server.new_key(&user, "one").await;
    let by_key = server.log_in_by_key(&key).await.tokens();
    let exp = server.state.clock.now().unix_seconds() + 600;
    let custom = jwt::hs256(CUSTOM_TOKEN_SECRET, &json!({"sub": "jwt-1", "aud": APP, "exp": exp}));
    server.link(&user.access, "custom-token", json!({"token": custom})).await.expect(StatusCode::OK);
    let by_token = server.log_in("custom-token", json!({"token": custom})).await.tokens();
    let anonymous = server.new_anonymous().await;
    server.delete("/auth/session", &by_token.refresh).await.expect(StatusCode::NO_CONTENT);
    let mut mailed = Vec::new();
    for _ in 0..2 {
        assert!(server.email("reset/send", json!({"email": EMAIL})).await.status.is_success());
        mailed.push(server.waiting_mail_tokens().await.pop().unwrap());
    }
    // One of the two is used; the mails of both still wait in the store.
    let (token, token_id) = &mailed[1];
    let body = json!({"token": token, "tokenId": token_id, "password": NEW_PASSWORD});
    assert!(server.email("reset", body).await.status.is_success());
    server.log_in("local-userpass", credentials(NEW_PASSWORD)).await.expect(StatusCode::OK);
    let admin = server.admin().await;

    let mut planted: Vec<String> =
        [PASSWORD, NEW_PASSWORD, CUSTOM_TOKEN_SECRET, ADMIN_PASSWORD].map(str::to_owned).into();
    planted.extend([random_part(&key), custom]);
    planted.extend(admin.split('.').skip(1).map(str::to_owned));
    planted.extend(mailed.into_iter().map(|(token, _)| token));
    planted.extend([&user, &by_key, &by_token, &anonymous].into_iter().flat_map(token_parts));
    planted
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The first of `planted` that is in `bytes`, as it stands or thinly disguised.
fn found(bytes: &[u8], planted: &[String]) -> Option<String> {
    let hex = |text: &str| -> String {
        text.bytes()
            .flat_map(|b| [b >> 4, b & 15])
            .map(|b| char::from(b"0123456789abcdef"[usize::from(b)]))
            .collect()
    };
    let disguises = |text: &String| {
        [
            text.clone(),
            hex(text),
            STANDARD.encode(text).trim_end_matches('=').into(),
            URL_SAFE_NO_PAD.encode(text),
        ]
    };
    planted.iter().find(|text| disguises(text).iter().any(|form| contains(bytes, form))).cloned()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn assert_not_on_disk(folder: &Path, planted: &[String]) {
    let files = files(folder);
    // Who finds nothing at all has not searched.
    assert!(files.iter().any(|(_, bytes)| contains(bytes, EMAIL)), "the search finds what is there");
    for (name, bytes) in &files {
        assert_eq!(found(bytes, planted), None, "in {name}");
    }
}

#[tokio::test]
async fn no_secret_is_on_disk_or_in_the_metrics() {
    let server = start().await;
    let planted = whole_flow(&server).await;
    assert!(planted.len() > 15 && planted.iter().all(|text| text.len() >= 16));
    let metrics = Answer::of(server.request(Method::GET, &format!("{}/metrics", server.url))).await;
    assert!(metrics.text.contains("login"));
    assert_eq!(found(metrics.text.as_bytes(), &planted), None);
    for secret in [EMAIL, "jwt-1"] {
        assert!(!metrics.text.contains(secret), "nobody is named in metrics");
    }
    // While it runs, what was written last is in the write-ahead log.
    assert_not_on_disk(server.folder.path(), &planted);
    let folder = server.stop().await;
    assert_not_on_disk(folder.path(), &planted);
}

/// Bodies with a secret where none belongs, for any route that takes JSON.
fn misplaced(secret: &str) -> Vec<String> {
    let values = [
        json!({"x": secret}),
        json!([secret]),
        json!({"$oid": secret}),
        json!({"$numberInt": secret}),
        json!({secret: 1}),
    ];
    let members = ["username", "password", "email", "key", "token", "tokenId", "name", "options"];
    let mut bodies: Vec<String> = members
        .iter()
        .flat_map(|member| values.iter().map(move |value| json!({*member: value}).to_string()))
        .collect();
    bodies.extend([
        json!(secret).to_string(),
        json!([secret, secret]).to_string(),
        json!({secret: secret}).to_string(),
        json!({"options": {"device": {"deviceId": secret}}}).to_string(),
        json!({"options": {"device": {"deviceId": {"$oid": secret}}}}).to_string(),
        json!({"options": {"device": secret}}).to_string(),
        format!(r#"{{"password": "{secret}"#),
        format!(r#"{{"password": {secret}}}"#),
        format!(r#"{{"username": "a", "username": "{secret}"}}"#),
        format!(r#"{{"password": "{secret}"}} {secret}"#),
        secret.to_owned(),
    ]);
    bodies
}

fn routes() -> Vec<String> {
    let providers = ["local-userpass", "api-key", "custom-token", "anon-user"];
    let mut routes: Vec<_> =
        providers.iter().map(|provider| format!("/app/{APP}/auth/providers/{provider}/login")).collect();
    let actions = ["register", "confirm", "confirm/send", "reset", "reset/send", "reset/call"];
    routes.extend(actions.iter().map(|action| format!("/app/{APP}/auth/providers/local-userpass/{action}")));
    routes.push("/auth/api_keys".into());
    routes.push(format!("/app/{APP}/functions/call"));
    routes
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_stands_in_the_wrong_place() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let planted = [PASSWORD.to_owned()];
    let admin_login = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", server.url);
    let mut urls: Vec<_> = routes().iter().map(|route| server.client_url(route)).collect();
    urls.push(admin_login);
    let mut refused = 0;
    for url in urls {
        let token = if url.ends_with("/functions/call") { &user.access } else { &user.refresh };
        for body in misplaced(PASSWORD) {
            let request = server.request(Method::POST, &url).bearer_auth(token);
            let answer = Answer::of(request.body(body.clone())).await;
            refused += usize::from(answer.status.is_client_error());
            assert_eq!(found(answer.text.as_bytes(), &planted), None, "{url} {body} {answer:?}");
            assert!(!answer.status.is_server_error(), "{url} {body} {answer:?}");
        }
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test]
async fn no_error_repeats_a_credential_that_is_refused() {
    let server = start().await;
    let user = server.new_user(EMAIL).await;
    let (_, key) = server.new_key(&user, "one").await;
    let wrong_key = format!("{key}x");
    let planted = [vec![PASSWORD.to_owned(), random_part(&key)], token_parts(&user)].concat();
    server.delete("/auth/session", &user.refresh).await.expect(StatusCode::NO_CONTENT);
    let stream = format!("/app/{APP}/functions/call?baas_request=e30&baas_at={}", user.access);
    let mut answers = vec![
        server.log_in("local-userpass", credentials(PASSWORD)).await,
        server.log_in_by_key(&wrong_key).await,
        server.log_in("custom-token", json!({"token": user.access})).await,
        server.email("confirm", json!({"token": PASSWORD, "tokenId": PASSWORD})).await,
        server.email("reset", json!({"token": key, "tokenId": key, "password": PASSWORD})).await,
        server.email("register", json!({"email": EMAIL, "password": PASSWORD})).await,
        server.call(Method::GET, &stream, None, None).await,
    ];
    for secret in [PASSWORD, &key, &user.access, &user.refresh] {
        answers.push(server.get("/auth/profile", secret).await);
        answers.push(server.get("/auth/api_keys", secret).await);
        answers.push(server.get(&format!("/auth/api_keys/{secret}"), &user.refresh).await);
        let request = server.request(Method::GET, &server.client_url("/auth/profile"));
        answers.push(Answer::of(request.header("authorization", secret)).await);
        let verified = server.administer(Method::POST, "/verify_token", Some(json!({"token": secret}))).await;
        if verified.status != StatusCode::OK {
            answers.push(verified);
        }
    }
    for answer in answers {
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert_eq!(found(answer.text.as_bytes(), &planted), None, "{answer:?}");
    }
}

/// The whole log of the application, as its administrator reads it.
async fn log_of_the_app(server: &TestServer) -> String {
    let app = server.state.apps().by_client_app_id(APP).unwrap();
    let group = keystead_server::domain::admins::GROUP_ID;
    let base = format!("{}/api/admin/v3.0/groups/{group}/apps/{}/logs", server.url, app.ids.app_id);
    let (admin, mut whole, mut query) = (server.admin().await, String::new(), "?".to_owned());
    loop {
        let request = server.request(Method::GET, &format!("{base}{query}")).bearer_auth(&admin);
        let page = Answer::of(request).await;
        page.expect(StatusCode::OK);
        whole += &page.text;
        let Some(end) = page.body["nextEndDate"].as_str() else { return whole };
        query = format!("?end_date={end}&skip={}", page.body["nextSkip"]);
    }
}

#[tokio::test]
async fn no_secret_is_in_the_log_of_the_application() {
    let server = start().await;
    let mut planted = whole_flow(&server).await;
    let user = server.log_in("local-userpass", credentials(NEW_PASSWORD)).await.tokens();
    planted.extend(token_parts(&user));
    let (_, key) = server.new_key(&user, "two").await;
    planted.push(random_part(&key));
    for route in routes() {
        let token = if route.ends_with("/functions/call") { &user.access } else { &user.refresh };
        for body in misplaced(PASSWORD) {
            let request = server.request(Method::POST, &server.client_url(&route)).bearer_auth(token);
            Answer::of(request.body(body)).await;
        }
    }
    for secret in [PASSWORD, &key, &user.access] {
        for path in [
            format!("/auth/api_keys/{secret}"),
            format!("/auth/api_keys/{secret}/enable"),
            format!("/app/{APP}/auth/providers/{secret}/login"),
            format!("/app/{APP}/functions/call?baas_request=e30&baas_at={secret}"),
            format!("/app/{APP}/push/providers/{secret}/registration"),
        ] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                for token in [&user.refresh, &user.access] {
                    server.call(method.clone(), &path, Some(token), None).await;
                }
            }
        }
        server.administer(Method::GET, &format!("/{secret}"), None).await;
        server.administer(Method::POST, "/verify_token", Some(json!({"token": secret}))).await;
    }
    let log = log_of_the_app(&server).await;
    assert!(
        log.contains("local-userpass/login") && log.contains("{key_id}"),
        "the search finds what is there"
    );
    assert_eq!(found(log.as_bytes(), &planted), None);
}
