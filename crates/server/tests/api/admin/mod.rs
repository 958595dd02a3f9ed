mod apps;
mod call_sequences;
mod configuration;
mod deployments;
mod logs;
mod users;

use crate::support::{Answer, TestServer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An administrator who is logged in.
pub(crate) struct Administrator<'s> {
    server: &'s TestServer,
    token: String,
    /// `/groups/{group_id}/apps`.
    apps: String,
}

impl<'s> Administrator<'s> {
    pub(crate) async fn log_in(server: &'s TestServer) -> Self {
        let token = server.admin().await;
        let group = keystead_server::domain::admins::GROUP_ID;
        Self { server, token, apps: format!("/groups/{group}/apps") }
    }

    /// A request below `/api/admin/v3.0`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/api/admin/v3.0{path}", self.server.url);
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
