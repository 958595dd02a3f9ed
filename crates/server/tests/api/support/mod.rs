//! A real server on a real store, in this process, and a plain HTTP client to it.

pub mod audit;
pub mod jwt;
pub mod raw;
pub mod smtp;

use keystead_server::Server;
use keystead_server::app_config::{Secrets, Source};
use keystead_server::domain::throttle::ThrottleRate;
use keystead_server::settings::{AdminSettings, Settings};
use keystead_server::state::ServerState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const APP: &str = "quickstart-abcde";
pub const PASSWORD: &str = "correct horse battery";
pub const ADMIN_PASSWORD: &str = "admin password for tests";

/// A running server. Dropping it stops it and removes its files, unless they are taken over.
pub struct TestServer {
    pub url: String,
    pub state: Arc<ServerState>,
    pub folder: Arc<TempDir>,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
    pub text: String,
}

/// The tokens of a login.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub user_id: String,
    pub device_id: String,
}

impl TestServer {
    /// The quickstart application, without throttling.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With changed settings.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), change).await
    }

    /// On the files of an earlier server.
    pub async fn start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(folder.path().join("data"));
        settings.listen = ([127, 0, 0, 1], 0).into();
        settings.login_throttle = ThrottleRate::OFF;
        settings.functions.worker.program = env!("CARGO_BIN_EXE_keystead-server-function-worker").into();
        settings.admin = AdminSettings {
            email: Some("admin@example.com".into()),
            password: Some(ADMIN_PASSWORD.to_owned().into()),
        };
        change(&mut settings);
        let server = Server::start(settings).await.unwrap();
        let url = format!("http://{}", server.address);
        let state = Arc::clone(&server.state);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            server.serve(async move { drop(stopped.await) }).await.unwrap();
        });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, state, folder, http, stop: Some(stop), task: Some(task) }
    }

    /// Stops in good order, and hands over the files.
    pub async fn stop(mut self) -> Arc<TempDir> {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap();
        Arc::clone(&self.folder)
    }

    /// The URL below the client API's base.
    pub fn client_url(&self, path: &str) -> String {
        format!("{}/api/client/v2.0{path}", self.url)
    }

    /// A request to any URL, for what the shortcuts below do not cover.
    pub fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    /// A request below the client API's base, with a bearer token and a JSON body if there are any.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.request(method, &self.client_url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(token), Some(body)).await
    }

    pub async fn put(&self, path: &str, token: &str) -> Answer {
        self.call(Method::PUT, path, Some(token), None).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.call(Method::DELETE, path, Some(token), None).await
    }

    /// A login with any provider of the quickstart application.
    pub async fn log_in(&self, provider: &str, body: Value) -> Answer {
        self.log_in_to(APP, provider, body).await
    }

    pub async fn log_in_to(&self, app: &str, provider: &str, body: Value) -> Answer {
        let path = format!("/app/{app}/auth/providers/{provider}/login");
        self.call(Method::POST, &path, None, Some(body)).await
    }

    /// A link of one more identity to the user of an access token.
    pub async fn link(&self, access: &str, provider: &str, body: Value) -> Answer {
        let path = format!("/app/{APP}/auth/providers/{provider}/login?link=true");
        self.call(Method::POST, &path, Some(access), Some(body)).await
    }

    /// One of the email routes: register, confirm, confirm/send, …
    pub async fn email(&self, action: &str, body: Value) -> Answer {
        let path = format!("/app/{APP}/auth/providers/local-userpass/{action}");
        self.call(Method::POST, &path, None, Some(body)).await
    }

    pub async fn register(&self, email: &str) -> Answer {
        self.email("register", json!({"email": email, "password": PASSWORD})).await
    }

    pub async fn log_in_by_email(&self, email: &str) -> Tokens {
        self.log_in("local-userpass", json!({"username": email, "password": PASSWORD})).await.tokens()
    }

    /// A new email user, logged in.
    pub async fn new_user(&self, email: &str) -> Tokens {
        self.register(email).await.expect(StatusCode::CREATED);
        self.log_in_by_email(email).await
    }

    pub async fn new_anonymous(&self) -> Tokens {
        self.log_in("anon-user", json!({})).await.tokens()
    }

    /// A new key: its id and its secret.
    pub async fn new_key(&self, user: &Tokens, name: &str) -> (String, String) {
        let answer = self.post("/auth/api_keys", &user.refresh, json!({"name": name})).await;
        answer.expect(StatusCode::CREATED);
        let text = |member: &str| answer.body[member].as_str().unwrap().to_owned();
        (text("_id"), text("key"))
    }

    pub async fn log_in_by_key(&self, key: &str) -> Answer {
        self.log_in("api-key", json!({"key": key})).await
    }

    /// Whether the session still works, with both of its tokens; both must agree.
    pub async fn is_alive(&self, tokens: &Tokens) -> bool {
        let profile = self.get("/auth/profile", &tokens.access).await.status.is_success();
        let refresh = self.call(Method::POST, "/auth/session", Some(&tokens.refresh), None).await;
        let refresh = refresh.status.is_success();
        assert_eq!(profile, refresh, "access and refresh token disagree on whether the session is alive");
        profile
    }

    /// The access token of the administrator.
    pub async fn admin(&self) -> String {
        self.log_in_as_admin().await.access
    }

    /// A session of the administrator.
    pub async fn log_in_as_admin(&self) -> Tokens {
        let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", self.url);
        let body = json!({"username": "admin@example.com", "password": ADMIN_PASSWORD});
        Answer::of(self.request(Method::POST, &url).json(&body)).await.tokens()
    }

    /// A request of the administrator about the users of the quickstart application, such as
    /// `PUT /{user_id}/disable`.
    pub async fn administer(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let app = self.state.apps().by_client_app_id(APP).unwrap();
        let group = keystead_server::domain::admins::GROUP_ID;
        let url = format!("{}/api/admin/v3.0/groups/{group}/apps/{}/users{path}", self.url, app.ids.app_id);
        let mut request = self.request(method, &url).bearer_auth(self.admin().await);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }
}

impl Answer {
    /// Sends a request and reads the answer whole. Every answer is checked for what holds for all.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_default() };
        let answer = Self { status, headers, body, text };
        answer.check_form();
        answer
    }

    /// Protocol §0.1, §0.2, §3.1: exact content type, none on an empty answer, errors whole.
    fn check_form(&self) {
        let content_type = self.headers.get("content-type").map(|value| value.to_str().unwrap());
        let request_id = self.headers["x-appservices-request-id"].to_str().unwrap();
        if self.text.is_empty() {
            assert_eq!(content_type, None);
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(content_type, Some("application/json"), "{self:?}");
            assert!(self.body["error"].is_string(), "{self:?}");
            assert!(self.body.get("error_code").is_none_or(Value::is_string), "{self:?}");
            let link = self.body["link"].as_str().unwrap();
            assert!(link.ends_with(&format!("/logs?co_id={request_id}")), "{link} {request_id}");
        }
    }

    #[track_caller]
    pub fn expect(&self, status: StatusCode) {
        assert_eq!(self.status, status, "{self:?}");
    }

    /// An error with this status, code (`""` for none) and sentence.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str, error: &str) {
        let found = self.body["error_code"].as_str().unwrap_or_default();
        let expected = (status, code, error);
        assert_eq!((self.status.as_u16(), found, self.body["error"].as_str().unwrap_or_default()), expected);
    }

    /// The tokens of a successful login.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        self.expect(StatusCode::OK);
        let text = |member: &str| self.body[member].as_str().unwrap().to_owned();
        Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
            user_id: text("user_id"),
            device_id: text("device_id"),
        }
    }
}

/// Writes an application folder with these providers and the functions that they name, and returns how
/// to serve it.
pub fn app_folder(folder: &Path, client_app_id: &str, providers: &Value, root: Value) -> Source {
    let path = folder.join(client_app_id);
    std::fs::create_dir_all(path.join("auth")).unwrap();
    let mut whole = json!({"app_id": client_app_id, "name": client_app_id});
    if let Value::Object(root) = root {
        whole.as_object_mut().unwrap().extend(root);
    }
    std::fs::write(path.join("root_config.json"), whole.to_string()).unwrap();
    std::fs::write(path.join("auth/providers.json"), providers.to_string()).unwrap();
    std::fs::create_dir_all(path.join("functions")).unwrap();
    for provider in providers.as_object().unwrap().values() {
        for field in ["authFunctionName", "confirmationFunctionName", "resetFunctionName"] {
            if let Some(name) = provider["config"][field].as_str() {
                std::fs::write(path.join(format!("functions/{name}.js")), "exports = () => {};").unwrap();
            }
        }
    }
    Source::Folder(path)
}

/// A provider of a folder: its type, which is also its name, and whatever else it has.
pub fn provider(provider_type: &str, more: Value) -> (String, Value) {
    let mut document = json!({"name": provider_type, "type": provider_type, "disabled": false});
    if let Value::Object(more) = more {
        document.as_object_mut().unwrap().extend(more);
    }
    (provider_type.to_owned(), document)
}

/// Secrets of applications.
pub fn secrets(of: &[(&str, &str)]) -> Secrets {
    Secrets::from_variables(of.iter().map(|(name, value)| (Secrets::variable(name), (*value).to_owned())))
}

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// An address where nobody takes mails, so that they wait in the store.
pub const NO_MAIL_SERVER: &str = "smtp://127.0.0.1:1";

impl Answer {
    /// All that a client could tell this answer from another by, without what differs between any two.
    pub fn distinguishable(&self) -> (StatusCode, Vec<(String, String)>, String) {
        let request_id = self.headers["x-appservices-request-id"].to_str().unwrap();
        let ignored = ["x-appservices-request-id", "date"];
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !ignored.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        (self.status, headers, self.text.replace(request_id, "co_id"))
    }
}

impl TestServer {
    /// `token` and `tokenId` of the mails that wait, oldest first, on a server started with
    /// [`NO_MAIL_SERVER`].
    pub async fn waiting_mail_tokens(&self) -> Vec<(String, String)> {
        let later = self.state.clock.now().plus(std::time::Duration::from_hours(24));
        let mut mails = self.state.store.list_due_mails(later, 100).await.unwrap();
        mails.sort_by_key(|mail| mail.mail_id);
        let token_pair = |sealed: &[u8]| {
            let mail = self.state.pepper.open("mail", sealed).unwrap();
            let mail: Value = serde_json::from_slice(&mail).unwrap();
            let body = mail["body"].as_str().unwrap();
            let link = body.split_whitespace().find(|word| word.starts_with("http")).unwrap();
            let query: std::collections::HashMap<_, _> =
                url::Url::parse(link).unwrap().query_pairs().into_owned().collect();
            (query["token"].clone(), query["tokenId"].clone())
        };
        mails.iter().map(|mail| token_pair(&mail.sealed_mail)).collect()
    }
}

/// Hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
