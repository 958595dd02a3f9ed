//! A place for the core to run in: what it sends waits until the test answers, what it keeps is a map.

use keystead_client_core::{
    Body, Change, Client, Configuration, Credentials, Error, Json, Method, Platform, Request, Response, User,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) const APP: &str = "shop-abcde";
/// So that a test which would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const BASE: &str = "http://server.example";

/// What is kept between two runs.
pub(crate) type Stored = Arc<Mutex<BTreeMap<String, String>>>;

type Answer = Result<Response<Value>, String>;

pub(crate) struct Scripted {
    sent: mpsc::UnboundedSender<Asked>,
    stored: Stored,
    full: Arc<Mutex<bool>>,
}

impl Platform for Scripted {
    type Json = Value;

    fn send(&self, request: Request<'_, Value>) -> impl Future<Output = Answer> + Send {
        let (reply, answer) = oneshot::channel();
        let asked = Asked {
            method: request.method,
            url: request.url.to_owned(),
            bearer: request.bearer.map(|token| token.expose().to_owned()),
            body: request.body.map(|body| body.0.clone()),
            reply,
        };
        self.sent.send(asked).expect("the test listens");
        async { answer.await.unwrap_or_else(|_| Err("the test hung up".into())) }
    }

    fn load(&self, key: &str) -> Option<String> {
        self.stored.lock().unwrap().get(key).cloned()
    }

    fn save(&self, changes: &[Change]) -> Result<(), String> {
        if *self.full.lock().unwrap() {
            return Err("the disk is full".into());
        }
        let mut stored = self.stored.lock().unwrap();
        for Change { key, value } in changes {
            match value {
                Some(value) => stored.insert(key.clone(), value.clone()),
                None => stored.remove(key),
            };
        }
        Ok(())
    }

    fn device(&self) -> Value {
        Value(json!({ "platform": "test" }))
    }
}

/// A request on its way.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) bearer: Option<String>,
    pub(crate) body: Option<serde_json::Value>,
    reply: oneshot::Sender<Answer>,
}

impl Asked {
    pub(crate) fn json(self, status: u16, body: serde_json::Value) {
        self.body(status, Body::Json(Value(body)));
    }

    pub(crate) fn refuse(self, status: u16, code: &str, error: &str) {
        self.json(
            status,
            json!({ "error": error, "error_code": code, "link": "http://server.example/logs?co_id=1" }),
        );
    }

    pub(crate) fn body(self, status: u16, body: Body<Value>) {
        let response = Response { status, status_text: "Because".into(), body };
        // A client that was cancelled does not wait for it any more.
        let _ = self.reply.send(Ok(response));
    }

    pub(crate) fn no_answer(self, reason: &str) {
        let _ = self.reply.send(Err(reason.into()));
    }
}

/// The server's side: what the client sends, in order.
pub(crate) struct Network {
    sent: mpsc::UnboundedReceiver<Asked>,
    pub(crate) stored: Stored,
    pub(crate) full: Arc<Mutex<bool>>,
}

impl Network {
    /// The next request, which must be this one.
    pub(crate) async fn expect(&mut self, request: &str) -> Asked {
        let asked = timeout(PATIENCE, self.sent.recv()).await.unwrap_or_else(|_| panic!("no {request}"));
        let asked = asked.expect("the client is there");
        let path = asked.url.replace(BASE, "").replace("/api/client/v2.0", "");
        assert_eq!(format!("{} {path}", asked.method.as_str()), request);
        asked
    }

    pub(crate) async fn expect_location(&mut self) {
        let asked = self.expect("GET /app/shop-abcde/location").await;
        assert_eq!(asked.bearer, None);
        asked.json(200, json!({ "hostname": BASE, "ws_hostname": "ws://server.example" }));
    }

    pub(crate) async fn expect_refresh(&mut self, refresh_token: &str) -> Asked {
        let asked = self.expect("POST /auth/session").await;
        assert_eq!(asked.bearer.as_deref(), Some(refresh_token));
        asked
    }

    /// Nothing was sent that the test has not seen.
    pub(crate) fn expect_silence(&mut self) {
        if let Ok(asked) = self.sent.try_recv() {
            panic!("{} {} was sent too", asked.method.as_str(), asked.url);
        }
    }
}

pub(crate) fn client() -> (Client<Scripted>, Network) {
    client_on(Stored::default())
}

/// A client that finds what another has kept.
pub(crate) fn client_on(stored: Stored) -> (Client<Scripted>, Network) {
    let (sender, sent) = mpsc::unbounded_channel();
    let full = Arc::new(Mutex::new(false));
    let platform = Scripted { sent: sender, stored: Arc::clone(&stored), full: Arc::clone(&full) };
    let configuration =
        Configuration { app_id: APP.into(), base_url: format!("{BASE}/"), skip_location_request: false };
    (Client::new(configuration, platform), Network { sent, stored, full })
}

/// A client with somebody logged in, whose tokens are `access-1` and `refresh-1`.
pub(crate) async fn logged_in() -> (Client<Scripted>, User<Scripted>, Network) {
    let (client, mut network) = client();
    let login = spawn(client.clone(), |client| async move { client.log_in(by_password(), false).await });
    network.expect_location().await;
    let asked = network.expect("POST /app/shop-abcde/auth/providers/local-userpass/login").await;
    asked.json(200, session("user-1", "1"));
    let user = login.await.unwrap().unwrap();
    (client, user, network)
}

/// Lets the client go on in the background while the test plays the server.
pub(crate) fn spawn<T: Clone, F>(what: T, work: impl FnOnce(T) -> F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let work = work(what);
    tokio::spawn(async { timeout(PATIENCE, work).await.expect("nobody answers what the client waits for") })
}

/// A login's answer.
pub(crate) fn session(user: &str, number: &str) -> serde_json::Value {
    json!({
        "user_id": user,
        "access_token": format!("access-{number}"),
        "refresh_token": format!("refresh-{number}"),
        "device_id": "5f0000000000000000000001",
    })
}

pub(crate) fn by_password() -> Credentials<Value> {
    credentials("local-userpass", json!({ "username": "ada@example.com", "password": "correct horse" }))
}

pub(crate) fn credentials(provider: &str, payload: serde_json::Value) -> Credentials<Value> {
    Credentials {
        provider_name: provider.into(),
        provider_type: provider.into(),
        reuse: false,
        payload: Value(payload),
    }
}

pub(crate) fn access<'a>(user: &User<Scripted>) -> Option<&'a str> {
    user.access_token().map(|token| &*token.expose().to_owned().leak())
}

pub(crate) fn refresh<'a>(user: &User<Scripted>) -> Option<&'a str> {
    user.refresh_token().map(|token| &*token.expose().to_owned().leak())
}

/// The status and code of a refusal.
pub(crate) fn refusal<T: Debug>(outcome: Result<T, Error>) -> (u16, String) {
    let error = outcome.expect_err("this should have been refused");
    (error.status().unwrap_or_default(), error.code().unwrap_or_default().to_owned())
}

/// serde's JSON as the core's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value(pub(crate) serde_json::Value);

impl Json for Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }
    fn from_base64url(text: &str) -> Option<Self> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&bytes).ok().map(Self)
    }
    fn to_text(&self) -> String {
        self.0.to_string()
    }
    fn null() -> Self {
        Self(serde_json::Value::Null)
    }
    fn text(text: &str) -> Self {
        Self(text.into())
    }
    fn is_null(&self) -> bool {
        self.0.is_null()
    }
    fn list(items: Vec<Self>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }
    fn object(members: &[(&str, Self)]) -> Self {
        Self(members.iter().map(|(name, value)| ((*name).to_owned(), value.0.clone())).collect())
    }
    fn with(&self, name: &str, value: Self) -> Self {
        let mut copy = self.0.as_object().cloned().unwrap_or_default();
        copy.insert(name.into(), value.0);
        Self(copy.into())
    }
    fn as_text(&self) -> Option<String> {
        self.0.as_str().map(Into::into)
    }
    fn get(&self, name: &str) -> Self {
        Self(self.0.get(name).cloned().unwrap_or_default())
    }
    fn items(&self) -> Option<Vec<Self>> {
        Some(self.0.as_array()?.iter().cloned().map(Self).collect())
    }
    fn members(&self) -> Option<Vec<(String, Self)>> {
        Some(self.0.as_object()?.iter().map(|(name, value)| (name.clone(), Self(value.clone()))).collect())
    }
}
