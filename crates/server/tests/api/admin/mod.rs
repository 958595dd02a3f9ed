mod apps;
mod call_sequences;
mod configuration;
mod deployments;
mod email_users;
mod logs;
mod pending_users;
mod server_keys;
mod sessions;
mod user_list;
mod users;

use crate::support::{Answer, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An administrator who is logged in.
pub(crate) struct Administrator<'s> {
    server: &'s TestServer,
    token: String,
    /// `/groups/{group_id}/apps`.
    pub(crate) apps: String,
}

impl<'s> Administrator<'s> {
    pub(crate) async fn log_in(server: &'s TestServer) -> Self {
        Self::with_token(server, server.admin().await)
    }

    /// Their access token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Whoever this access token is of.
    pub(crate) fn with_token(server: &'s TestServer, token: String) -> Self {
        let group = keystead_server::domain::admins::GROUP_ID;
        Self { server, token, apps: format!("/groups/{group}/apps") }
    }

    /// A new key pair of these applications, or of the whole server: as it was created, and logged in.
    pub(crate) async fn new_key_pair(&self, apps: Value) -> (Value, Administrator<'s>) {
        let created =
            self.own(Method::POST, "/admin_keys", Some(json!({"name": "pair", "apps": apps}))).await;
        created.expect(StatusCode::CREATED);
        let login = log_in_by_key(self.server, &created.body).await;
        (created.body, Self::with_token(self.server, login.tokens().access))
    }

    /// A request below `/api/keystead/v1`.
    pub(crate) async fn own(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.request(method, &format!("/api/keystead/v1{path}"), body).await
    }

    /// The bundled application.
    pub(crate) fn quickstart(&self) -> AdministeredApp<'_> {
        self.folder_app(crate::support::APP)
    }

    /// An application from a folder.
    pub(crate) fn folder_app(&self, client_app_id: &str) -> AdministeredApp<'_> {
        let app = self.server.state.apps().by_client_app_id(client_app_id).unwrap();
        let id = app.ids.app_id.to_string();
        AdministeredApp { admin: self, id, client_app_id: client_app_id.to_owned() }
    }

    /// A request below `/api/admin/v3.0`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.request(method, &format!("/api/admin/v3.0{path}"), body).await
    }

    /// A request to any path.
    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}{path}", self.server.url);
        let mut request = self.server.request(method, &url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// Makes an application.
    pub(crate) async fn create_app(&self, name: &str) -> AdministeredApp<'_> {
        let answer = self.send(Method::POST, &self.apps, Some(json!({"name": name}))).await;
        answer.expect(StatusCode::CREATED);
        self.app(&answer.body)
    }

    /// An application from what the admin API shows of it.
    pub(crate) fn app(&self, shown: &Value) -> AdministeredApp<'_> {
        let text = |member: &str| shown[member].as_str().unwrap().to_owned();
        AdministeredApp { admin: self, id: text("_id"), client_app_id: text("client_app_id") }
    }
}

/// A login with a key pair, as it was created.
pub(crate) async fn log_in_by_key(server: &TestServer, pair: &Value) -> Answer {
    let url = format!("{}/api/admin/v3.0/auth/providers/mongodb-cloud/login", server.url);
    let body = json!({"username": pair["public_key"], "apiKey": pair["private_key"]});
    Answer::of(server.request(Method::POST, &url).json(&body)).await
}

/// An application and who administers it.
pub(crate) struct AdministeredApp<'a> {
    admin: &'a Administrator<'a>,
    pub(crate) id: String,
    pub(crate) client_app_id: String,
}

impl AdministeredApp<'_> {
    /// A request below the application's path.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("{}/{}{path}", self.admin.apps, self.id);
        self.admin.send(method, &path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let answer = self.send(Method::GET, path, None).await;
        answer.expect(StatusCode::OK);
        answer
    }

    /// A request below the application's path of Keystead's own routes.
    pub(crate) async fn own(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.admin.own(method, &format!("/apps/{}{path}", self.id), body).await
    }

    /// A request that must be answered with 201.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Answer {
        let answer = self.send(Method::POST, path, Some(body)).await;
        answer.expect(StatusCode::CREATED);
        answer
    }

    /// A request that must be answered with 204.
    pub(crate) async fn change(&self, method: Method, path: &str, body: Value) {
        self.send(method, path, Some(body)).await.expect(StatusCode::NO_CONTENT);
    }

    /// Makes what the path lists, and returns its id.
    pub(crate) async fn create_id(&self, path: &str, body: Value) -> String {
        self.create(path, body).await.body["_id"].as_str().unwrap().to_owned()
    }

    /// The id of the provider of this type.
    pub(crate) async fn provider_id(&self, provider_type: &str) -> String {
        let listed = self.get("/auth_providers").await;
        let found = listed.body.as_array().unwrap().iter().find(|found| found["type"] == provider_type);
        found.unwrap()["_id"].as_str().unwrap().to_owned()
    }

    /// A request of a client below `/api/client/v2.0/app/{client_app_id}`.
    pub(crate) async fn client(&self, path: &str, body: Value) -> Answer {
        let path = format!("/app/{}{path}", self.client_app_id);
        self.admin.server.call(Method::POST, &path, None, Some(body)).await
    }
}
