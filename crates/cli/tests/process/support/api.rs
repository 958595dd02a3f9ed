//! A plain HTTP client of the client API.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub const APP: &str = "quickstart-abcde";
pub const PASSWORD: &str = "correct horse battery";

/// A client of one server.
#[derive(Clone)]
pub struct Api {
    pub http: reqwest::Client,
    pub url: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// The tokens of a login.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub user_id: String,
}

/// A client without proxies, which the environment may name.
pub fn http_client() -> reqwest::ClientBuilder {
    // Fails if another test was first, with the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

impl Api {
    pub fn new(url: &str) -> Self {
        Self { http: http_client().build().unwrap(), url: url.to_owned() }
    }

    /// A request below the base of the client API.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/client/v2.0{path}", self.url))
    }

    /// An error is that no answer arrived.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        self.try_call(method, path, token, body).await.unwrap()
    }

    pub async fn log_in(&self, provider: &str, body: Value) -> Answer {
        let path = format!("/app/{APP}/auth/providers/{provider}/login");
        self.call(Method::POST, &path, None, Some(body)).await
    }

    pub async fn log_in_by_email(&self, email: &str, password: &str) -> Answer {
        self.log_in("local-userpass", json!({"username": email, "password": password})).await
    }

    pub async fn log_in_by_key(&self, key: &str) -> Answer {
        self.log_in("api-key", json!({"key": key})).await
    }

    /// One of the email routes: register, confirm, confirm/send, …
    pub async fn email(&self, action: &str, body: Value) -> Answer {
        let path = format!("/app/{APP}/auth/providers/local-userpass/{action}");
        self.call(Method::POST, &path, None, Some(body)).await
    }

    /// A new email user, logged in.
    pub async fn new_user(&self, email: &str) -> Tokens {
        let registered = self.email("register", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        self.log_in_by_email(email, PASSWORD).await.tokens()
    }

    /// A new key: its id and its secret.
    pub async fn new_key(&self, user: &Tokens, name: &str) -> (String, String) {
        let body = json!({"name": name});
        let answer = self.call(Method::POST, "/auth/api_keys", Some(&user.refresh), Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        (answer.string("_id"), answer.string("key"))
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.call(Method::POST, "/auth/session", Some(refresh_token), None).await
    }

    pub async fn location(&self) -> Value {
        self.call(Method::GET, &format!("/app/{APP}/location"), None, None).await.body
    }
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { status, headers, body, text })
    }

    #[track_caller]
    pub fn string(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}")).to_owned()
    }

    /// The tokens of a successful login.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        Tokens {
            access: self.string("access_token"),
            refresh: self.string("refresh_token"),
            user_id: self.string("user_id"),
        }
    }
}
