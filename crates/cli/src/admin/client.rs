//! HTTP to a server: logs in when it has to, keeps the access token in memory alone, and turns what
//! goes wrong into a [`Failure`].

use super::connection::{Connection, Credentials, is_this_machine};
use super::exit::Failure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// For most requests; some take their time, and say so.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long nothing may come. A server makes the copy of a backup before it answers.
const SILENCE: Duration = Duration::from_hours(1);

/// A machine that is gone is noticed by that.
const KEEPALIVE: Duration = Duration::from_secs(30);

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of a path, whatever is in it.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Asks one server as one administrator.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    credentials: Credentials,
    access_token: Mutex<Option<String>>,
    group_path: OnceCell<String>,
}

impl Client {
    /// A client that has not asked anything yet.
    pub(crate) fn new(connection: Connection) -> Result<Self, Failure> {
        let Connection { url, ca_file, credentials } = connection;
        let http = http_client(&url, ca_file.as_deref())?;
        let (access_token, group_path) = (Mutex::default(), OnceCell::new());
        Ok(Self { http, url, credentials, access_token, group_path })
    }

    /// The server.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// As whom it asks.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// A request without credentials, for what is open to everybody.
    pub(crate) async fn ask_openly(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, Failure> {
        let mut request = self.request(method, path).timeout(PATIENCE);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    /// A request that is still to be given a body and to be sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{}", self.url, path.trim_start_matches('/')))
    }

    /// Sends it as the administrator. An access token that has expired is replaced once.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let token = self.access_token(None).await?;
        let send = async |request: RequestBuilder, token: &str| {
            request.bearer_auth(token).send().await.map_err(|error| self.unreachable(&error))
        };
        let mut response = send(request, &token).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(again) = again
        {
            let token = self.access_token(Some(&token)).await?;
            response = send(again, &token).await?;
        }
        self.checked(response).await
    }

    /// Logs in, if that is not done or if the token that it gave is `stale`.
    pub(crate) async fn access_token(&self, stale: Option<&str>) -> Result<String, Failure> {
        let mut held = self.access_token.lock().await;
        if let Some(token) = held.as_deref().filter(|token| Some(*token) != stale) {
            return Ok(token.to_owned());
        }
        let (provider, body) = match &self.credentials {
            Credentials::Password { email, password } => {
                ("local-userpass", json!({"username": email, "password": password.expose()}))
            }
            Credentials::KeyPair { public_key, private_key } => {
                ("mongodb-cloud", json!({"username": public_key, "apiKey": private_key.expose()}))
            }
        };
        let path = format!("api/admin/v3.0/auth/providers/{provider}/login");
        let response = self.ask_openly(Method::POST, &path, Some(&body)).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let body = self.json(response).await.unwrap_or_default();
            let detail = body["error"].as_str().unwrap_or("unauthorized").to_owned();
            let body = json!({"error": format!("{} does not take these credentials: {detail}", self.url)});
            return Err(Failure::answered(401, body));
        }
        let answer = self.json(self.checked(response).await?).await?;
        let token = answer["access_token"].as_str().ok_or_else(|| self.not_understood())?;
        Ok(held.insert(token.to_owned()).clone())
    }

    /// The answer, if it is not an error.
    async fn checked(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            let target = response.headers().get("location").and_then(|value| value.to_str().ok());
            let target = target.unwrap_or("another URL");
            let message = format!("{} redirects to {target}: give that as --url", self.url);
            return Err(Failure::Other(message));
        }
        let body = response.bytes().await.unwrap_or_default();
        Err(Failure::answered(status.as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The JSON in an answer; null if it is empty.
    pub(crate) async fn json(&self, response: Response) -> Result<Value, Failure> {
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| self.not_understood())
    }

    fn not_understood(&self) -> Failure {
        Failure::Other(format!("what answers at {} is no Keystead that this program understands", self.url))
    }

    /// Why there is no answer: the innermost cause says most.
    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let mut message = format!("{} cannot be reached: {cause}", self.url);
        if message.contains("certificate") {
            message.push_str("; if it is from a private authority, name that with --ca-file");
        }
        Failure::Unreachable(message)
    }

    /// The routes of the one group that there is.
    pub(crate) async fn group(&self) -> Result<Scope<'_>, Failure> {
        let find = async || {
            let profile = self.request(Method::GET, "api/admin/v3.0/auth/profile").timeout(PATIENCE);
            let profile = self.json(self.send(profile).await?).await?;
            let group_id = profile["roles"][0]["group_id"].as_str().ok_or_else(|| self.not_understood())?;
            Ok(format!("api/admin/v3.0/groups/{}", segment(group_id)))
        };
        let path = self.group_path.get_or_try_init(find).await?;
        Ok(Scope { client: self, path: path.clone() })
    }

    /// Keystead's own routes.
    pub(crate) fn own(&self) -> Scope<'_> {
        Scope { client: self, path: "api/keystead/v1".to_owned() }
    }
}

/// Routes below one path.
#[derive(Clone)]
pub(crate) struct Scope<'c> {
    client: &'c Client,
    path: String,
}

impl Scope<'_> {
    /// Routes further below.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self { client: self.client, path: format!("{}{path}", self.path) }
    }

    /// A request that is still to be sent, and may take as long as it takes.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, &format!("{}{path}", self.path))
    }

    fn quick(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).timeout(PATIENCE)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(self.quick(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(self.quick(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(self.quick(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(self.quick(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.ask(self.quick(Method::DELETE, path)).await
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Value, Failure> {
        self.client.json(self.client.send(request).await?).await
    }

    /// A list, which is an array of objects.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        match self.get(path).await? {
            Value::Array(items) => Ok(items),
            _ => Err(self.client.not_understood()),
        }
    }
}

fn http_client(url: &Url, ca_file: Option<&Path>) -> Result<reqwest::Client, Failure> {
    // Fails if it is there already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE)
        .tcp_keepalive(KEEPALIVE)
        // Whoever is asked is asked as the administrator, so nobody else is.
        .redirect(redirect::Policy::none())
        .user_agent(concat!("keystead-cli/", env!("CARGO_PKG_VERSION")));
    if is_this_machine(url) {
        builder = builder.no_proxy();
    }
    if let Some(file) = ca_file {
        let unusable =
            |error: String| Failure::Usage(format!("--ca-file {} cannot be used: {error}", file.display()));
        let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unusable("there is no certificate in it".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| Failure::Other(format!("HTTP cannot be spoken: {error}")))
}
