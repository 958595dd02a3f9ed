//! What stands between a client and the real server in some tests: it counts requests, holds them up,
//! or answers in the server's place.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, watch};

/// A running proxy.
pub struct Proxy {
    /// Where it is.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    http: reqwest::Client,
    /// `METHOD /path` of every request so far.
    seen: watch::Sender<Vec<String>>,
    /// Requests that begin with the text are held until the semaphore lets them go.
    held: Mutex<Option<(String, Arc<Semaphore>)>>,
    /// What is answered instead: the request's beginning, the status, the JSON.
    instead: Mutex<Option<(String, u16, &'static str)>>,
}

impl Proxy {
    /// In front of the server at `target`.
    pub async fn start(target: &str) -> Self {
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            seen: watch::Sender::new(Vec::new()),
            held: Mutex::default(),
            instead: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(forward).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// How many requests began with `METHOD /path`.
    pub fn count(&self, beginning: &str) -> usize {
        self.shared.seen.borrow().iter().filter(|request| request.starts_with(beginning)).count()
    }

    /// Waits until so many requests have begun with `METHOD /path`.
    pub async fn wait_for(&self, beginning: &str, count: usize) {
        let enough = |seen: &Vec<String>| {
            seen.iter().filter(|request| request.starts_with(beginning)).count() >= count
        };
        self.shared.seen.subscribe().wait_for(enough).await.unwrap();
    }

    /// Holds what begins with `METHOD /path`; each permit lets one go.
    pub fn hold(&self, beginning: &str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.shared.held.lock().unwrap() = Some((beginning.to_owned(), Arc::clone(&gate)));
        gate
    }

    /// Answers what begins with `METHOD /path` in the server's place.
    pub fn answer(&self, beginning: &str, status: u16, json: &'static str) {
        *self.shared.instead.lock().unwrap() = Some((beginning.to_owned(), status, json));
    }

    /// From now on only the server answers.
    pub fn answer_no_more(&self) {
        *self.shared.instead.lock().unwrap() = None;
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    let line = format!("{} {path}", request.method());
    shared.seen.send_modify(|seen| seen.push(line.clone()));
    let held = shared.held.lock().unwrap().clone();
    if let Some((_, gate)) = held.filter(|(beginning, _)| line.starts_with(beginning)) {
        gate.acquire().await.unwrap().forget();
    }
    let instead = shared.instead.lock().unwrap().clone();
    if let Some((_, status, json)) = instead.filter(|(beginning, ..)| line.starts_with(beginning)) {
        let answer = Response::builder().status(status).header("content-type", "application/json");
        return answer.body(Body::from(json)).unwrap();
    }
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    headers.remove("host");
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let url = format!("{}{path}", shared.target);
    let sent = shared.http.request(parts.method, url).headers(headers).body(body).send().await.unwrap();
    let mut answer = Response::builder().status(sent.status());
    if let Some(content_type) = sent.headers().get("content-type") {
        answer = answer.header("content-type", content_type);
    }
    answer.body(Body::from(sent.bytes().await.unwrap())).unwrap()
}
