//! A real Keystead in this process, on a free port and on files that are removed with it: what the tests
//! and the runnable examples of the SDK talk to. Nothing here is for production; the program is `keystead`.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "it is test code: a failure is a panic")]

mod proxy;

pub use proxy::Proxy;

use keystead_server::Server;
use keystead_server::domain::throttle::ThrottleRate;
use keystead_server::settings::{AdminSettings, Settings};
use keystead_server::state::ServerState;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

/// The client app id of the application that is served.
pub const APP_ID: &str = "quickstart-abcde";

/// An address where nobody takes mails.
pub const NO_MAIL_SERVER: &str = "smtp://127.0.0.1:1";

/// A running server. Dropping it stops it.
pub struct DevServer {
    /// Where it is.
    pub url: String,
    /// What its requests share, such as its clock.
    pub state: Arc<ServerState>,
    _folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl DevServer {
    /// Serves the quickstart application, without throttling.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With changed settings.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = Settings::new(folder.path().join("data"));
        settings.listen = ([127, 0, 0, 1], 0).into();
        settings.login_throttle = ThrottleRate::OFF;
        settings.admin = AdminSettings {
            email: Some("admin@example.com".into()),
            password: Some("admin password".to_owned().into()),
        };
        change(&mut settings);
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let server = Server::start(settings).await.unwrap();
        let url = format!("{scheme}://{}", server.address);
        let state = Arc::clone(&server.state);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            server.serve(async move { drop(stopped.await) }).await.unwrap();
        });
        Self { url, state, _folder: folder, stop: Some(stop), task: Some(task) }
    }

    /// Stops, and returns when nobody listens any more.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap();
    }

    /// The secret of a key of a new user, made with plain HTTP requests.
    pub async fn new_api_key(&self) -> String {
        let account = json!({"email": "owner@example.com", "password": "correct horse"});
        let login = json!({"username": "owner@example.com", "password": "correct horse"});
        let provider = format!("app/{APP_ID}/auth/providers/local-userpass");
        self.post(&format!("{provider}/register"), "", account).await;
        let session = self.post(&format!("{provider}/login"), "", login).await;
        let token = session["refresh_token"].as_str().unwrap();
        let key = self.post("auth/api_keys", token, json!({"name": "service"})).await;
        key["key"].as_str().unwrap().to_owned()
    }

    /// `token` and `tokenId` of the mails that wait to be sent, oldest first. They wait for long if
    /// [`Settings::smtp_url`] is [`NO_MAIL_SERVER`].
    pub async fn waiting_mail_tokens(&self) -> Vec<(String, String)> {
        let later = self.state.clock.now().plus(Duration::from_hours(24));
        let mut mails = self.state.store.list_due_mails(later, 100).await.unwrap();
        mails.sort_by_key(|mail| mail.mail_id);
        let token_pair = |sealed: &[u8]| {
            let mail = self.state.pepper.open("mail", sealed).unwrap();
            let mail: Value = serde_json::from_slice(&mail).unwrap();
            let body = mail["body"].as_str().unwrap();
            let link = body.split_whitespace().find(|word| word.starts_with("http")).unwrap();
            let query: HashMap<_, _> = Url::parse(link).unwrap().query_pairs().into_owned().collect();
            (query["token"].clone(), query["tokenId"].clone())
        };
        mails.iter().map(|mail| token_pair(&mail.sealed_mail)).collect()
    }

    /// Posts below the client API's base, and expects to succeed.
    async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        // It may be served with a certificate that the test has just made.
        let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let http = http.build().unwrap();
        let request = http.post(format!("{}/api/client/v2.0/{path}", self.url)).json(&body);
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let text = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }
}
