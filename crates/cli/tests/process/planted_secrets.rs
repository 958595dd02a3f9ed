//! Secrets are planted in everything that a server is given and gives, and then looked for in
//! everything that it writes.

use crate::support::api::{Answer, Api, Tokens};
use crate::support::{Ended, Invocation, Process};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const PASSWORD: &str = "planted-user-password";
const WRONG_PASSWORD: &str = "planted-wrong-password";
const ADMIN_PASSWORD: &str = "planted-admin-password";
const SIGNING_KEY: &str = "planted-signing-key-of-custom-tokens-0123456789";
const SHARED_SECRET: &str = "planted-shared-secret-of-access-tokens-0123456";
const SMTP_PASSWORD: &str = "planted-smtp-password";
const PEPPER: &str = "0011223344556677889900aabbccddeeff0011223344556677889900aabbccdd";
const MALFORMED: &str = "planted-in-malformed-request";
const EMAIL: &str = "ada@example.com";

/// What must be nowhere, by name.
type Secrets = Vec<(String, String)>;

/// What a server says to its clients where no secret belongs.
type Answers = Vec<String>;

struct Flow {
    api: Api,
    secrets: Secrets,
    answers: Answers,
}

fn start(folder: &Path, level: &str) -> Process {
    std::fs::write(folder.join("shared-secret"), SHARED_SECRET).unwrap();
    Invocation::serve(folder)
        .args(["--log", level, "--access-token-algorithm", "HS256"])
        .args(["--access-token-secret-file", "shared-secret"])
        .env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD)
        .env("KEYSTEAD_SECRET_CUSTOMTOKENKEY", SIGNING_KEY)
        .env("KEYSTEAD_SMTP_URL", format!("smtp://user:{SMTP_PASSWORD}@127.0.0.1:9"))
        .env("KEYSTEAD_PEPPER", PEPPER)
        .start_ready()
}

impl Flow {
    fn new(server: &Process) -> Self {
        let fixed = [
            PASSWORD,
            WRONG_PASSWORD,
            ADMIN_PASSWORD,
            SIGNING_KEY,
            SHARED_SECRET,
            SMTP_PASSWORD,
            PEPPER,
            MALFORMED,
        ];
        let secrets = fixed.iter().map(|secret| ((*secret).to_owned(), (*secret).to_owned())).collect();
        Self { api: Api::new(&server.url), secrets, answers: Vec::new() }
    }

    fn plant(&mut self, name: &str, secret: &str) {
        self.secrets.push((name.to_owned(), secret.to_owned()));
    }

    fn plant_tokens(&mut self, name: &str, tokens: &Tokens) {
        for (kind, token) in [("access", &tokens.access), ("refresh", &tokens.refresh)] {
            self.plant(&format!("{name}'s {kind} token"), token);
            // Without its signature a token opens nothing, and with it anything.
            self.plant(&format!("{name}'s {kind} signature"), token.rsplit('.').next().unwrap());
        }
    }

    fn keep(&mut self, answer: &Answer) {
        self.answers.push(format!("{:?} {}", answer.headers, answer.text));
    }

    async fn call(&mut self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let answer = self.api.call(method, path, Some(token), body).await;
        self.keep(&answer);
        answer
    }

    /// Everything that users do.
    async fn use_everything(&mut self) {
        let registered = self.api.email("register", json!({"email": EMAIL, "password": PASSWORD})).await;
        assert_eq!(registered.status, 201, "{registered:?}");
        let user = self.api.log_in_by_email(EMAIL, PASSWORD).await.tokens();
        self.plant_tokens("the user", &user);
        for (email, password) in [(EMAIL, WRONG_PASSWORD), ("nobody@example.com", WRONG_PASSWORD)] {
            let refused = self.api.log_in_by_email(email, password).await;
            assert_eq!(refused.status, 401);
            self.keep(&refused);
        }
        let (id, key) = self.api.new_key(&user, "mine").await;
        self.plant("the key", &key);
        self.plant("the random part of the key", &key[key.len() - 49..key.len() - 6]);
        let by_key = self.api.log_in_by_key(&key).await.tokens();
        self.plant_tokens("the key", &by_key);
        let refreshed = self.api.refresh(&by_key.refresh).await.string("access_token");
        self.plant("a refreshed token", &refreshed);

        let listed = self.call(Method::GET, "/auth/api_keys", &user.refresh, None).await;
        assert_eq!(listed.body.as_array().unwrap().len(), 1);
        self.call(Method::GET, "/auth/profile", &refreshed, None).await;
        self.call(Method::DELETE, &format!("/auth/api_keys/{id}"), &by_key.refresh, None).await;
        self.call(Method::PUT, &format!("/auth/api_keys/{id}/disable"), &user.refresh, None).await;
        let disabled = self.api.log_in_by_key(&key).await;
        assert_eq!(disabled.status, 401);
        self.keep(&disabled);
        self.call(Method::POST, "/auth/session", &by_key.refresh, None).await;
        self.call(Method::GET, "/auth/profile", &by_key.access, None).await;
        self.misuse(&user, &key).await;
        self.administer().await;
        self.call(Method::DELETE, "/auth/session", &user.refresh, None).await;
        self.call(Method::GET, "/auth/profile", &user.access, None).await;
        let metrics = self.api.http.get(format!("{}/metrics", self.api.url)).send().await.unwrap();
        self.answers.push(metrics.text().await.unwrap());
    }

    /// Secrets where they do not belong, as a mistaken client sends them.
    async fn misuse(&mut self, user: &Tokens, key: &str) {
        for token in [key, PASSWORD, &user.access.replace('.', "-"), &format!("{}x", user.refresh)] {
            self.call(Method::GET, "/auth/profile", token, None).await;
            self.call(Method::GET, "/auth/api_keys", token, None).await;
        }
        self.call(Method::GET, "/auth/api_keys", &user.access, None).await;
        self.call(Method::GET, "/auth/profile", &user.refresh, None).await;
        for provider in ["local-userpass", "api-key", "custom-token", "anon-user", "oauth2-google"] {
            for body in [
                json!(MALFORMED),
                json!([MALFORMED]),
                json!({"username": [MALFORMED], "password": [MALFORMED], "key": [MALFORMED], "token": [MALFORMED]}),
                json!({"username": EMAIL, "password": {"$binary": MALFORMED}, "key": {"$oid": MALFORMED}, "token": 1}),
                json!({"username": EMAIL, "password": PASSWORD, "options": MALFORMED}),
                json!({"username": EMAIL, "password": PASSWORD, "options": {"device": MALFORMED}}),
                json!({"username": EMAIL, "password": PASSWORD, "options": {"device": {"deviceId": MALFORMED}}}),
                json!({"key": key, "token": MALFORMED, "unknown": MALFORMED}),
            ] {
                let answer = self.api.log_in(provider, body).await;
                // Some of these are good enough to log in.
                if answer.status.is_success() {
                    self.plant_tokens("a misuser", &answer.tokens());
                } else {
                    self.keep(&answer);
                }
            }
        }
        for path in
            ["/auth/providers/api-key/login", "/auth/providers/local-userpass/register", "/functions/call"]
        {
            let path = format!("/app/{}{path}?password={PASSWORD}&key={key}", crate::support::api::APP);
            for body in
                [format!("{{\"key\": \"{MALFORMED}\""), MALFORMED.to_owned(), format!("\"{MALFORMED}\"")]
            {
                let request = self.api.request(Method::POST, &path).body(body).bearer_auth(key);
                let answer = Answer::of(request).await.unwrap();
                self.keep(&answer);
            }
        }
        for action in
            ["register", "confirm", "reset", "reset/send", "reset/call", "confirm/send", "confirm/call"]
        {
            for body in [
                json!(MALFORMED),
                json!({"email": 1, "password": MALFORMED, "token": MALFORMED, "tokenId": MALFORMED}),
            ] {
                let answer = self.api.email(action, body).await;
                self.keep(&answer);
            }
        }
        let sent = self.api.email("reset/send", json!({"email": EMAIL})).await;
        assert!(sent.status.is_success(), "{sent:?}");
    }

    async fn administer(&mut self) {
        let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", self.api.url);
        for (password, status) in [(ADMIN_PASSWORD, 200), (WRONG_PASSWORD, 401)] {
            let body = json!({"username": "admin@localhost", "password": password});
            let answer = Answer::of(self.api.http.post(&url).json(&body)).await.unwrap();
            assert_eq!(answer.status, status, "{answer:?}");
            if answer.status.is_success() {
                self.plant_tokens("the administrator", &answer.tokens());
            } else {
                self.keep(&answer);
            }
        }
    }

    fn find_in(&self, place: &str, content: &[u8], found: &mut Vec<String>) {
        for (name, secret) in &self.secrets {
            let hex = secret.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            for needle in [secret, &hex] {
                if content.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                    found.push(format!("{name} is in {place}"));
                }
            }
        }
    }
}

fn read_folder(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|file| (file.display().to_string(), std::fs::read(&file).unwrap())).collect()
}

async fn nothing_is_found_at(level: &str) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut server = start(folder.path(), level);
    let mut flow = Flow::new(&server);
    flow.use_everything().await;
    server.wait_for_log("a mail could not be sent; it will be tried again");
    let mut found = Vec::new();
    // While it runs there is a write-ahead log, and after the stop there is not.
    for (file, content) in read_folder(&data) {
        flow.find_in(&file, &content, &mut found);
    }
    let Ended { stdout, stderr, .. } = server.stop();
    // What is no secret is found, so the search does find.
    let is_there = |content: &[u8]| content.windows(EMAIL.len()).any(|window| window == EMAIL.as_bytes());
    assert!(read_folder(&data).iter().any(|(_, content)| is_there(content)));
    let second = start(folder.path(), level).stop();
    assert!(stderr.contains("refused"), "the log is empty");
    for (file, content) in read_folder(&data) {
        flow.find_in(&file, &content, &mut found);
    }
    for (place, text) in [
        ("stdout", stdout),
        ("stderr", stderr),
        ("later stdout", second.stdout),
        ("later stderr", second.stderr),
    ] {
        flow.find_in(place, text.as_bytes(), &mut found);
    }
    for answer in &flow.answers {
        flow.find_in(&format!("the answer {answer}"), answer.as_bytes(), &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn no_secret_is_written_anywhere_at_level_info() {
    nothing_is_found_at("info").await;
}

#[tokio::test]
async fn no_secret_is_written_anywhere_at_level_trace() {
    nothing_is_found_at("trace").await;
}

#[tokio::test]
async fn the_generated_administrator_password_is_shown_once_and_only_to_the_operator() {
    let folder = TempDir::new().unwrap();
    let serve = || Invocation::serve(folder.path()).args(["--log", "trace"]);
    let server = serve().start_ready();
    let api = Api::new(&server.url);
    let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", api.url);
    let first = server.stop();
    let shown: Vec<_> =
        first.stdout.split_whitespace().skip_while(|word| *word != "admin@localhost").collect();
    let [_, password] = shown[..] else { panic!("{first:?}") };
    assert!(!first.stderr.contains(password));

    let server = serve().start_ready();
    let url = url.replace(&api.url, &server.url);
    let body = json!({"username": "admin@localhost", "password": password});
    let login = Answer::of(api.http.post(&url).json(&body)).await.unwrap();
    assert_eq!(login.status, 200, "the password that was shown does not work: {login:?}");
    let second = server.stop();
    assert_eq!(second.stdout, "");
    assert!(!second.stderr.contains(password));
    for (file, content) in read_folder(&folder.path().join("data")) {
        assert!(!content.windows(password.len()).any(|window| window == password.as_bytes()), "{file}");
    }
}
