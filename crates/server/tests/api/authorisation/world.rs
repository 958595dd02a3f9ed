//! An application with one caller of every kind. What they are refused is the user's: the user's keys, account
//! and sessions.

use super::bodies;
use crate::support::jwt::hs256;
use crate::support::{Answer, TestServer, Tokens, app_folder, provider, secrets};
use keystead_server::domain::admins::GROUP_ID;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

const SECRET: &str = "My_very_confidential_secretttttt";
/// The application of users of another application.
const ELSEWHERE: &str = "elsewhere-abcde";

/// A JWT that logs `sub` in to this application.
pub fn custom_jwt(client_app_id: &str, sub: &str) -> String {
    hs256(SECRET, &json!({"sub": sub, "aud": client_app_id, "exp": 4_102_444_800_u64}))
}

/// Which of a caller's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Access,
    Refresh,
}

impl Token {
    /// The wrong one.
    pub fn other(self) -> Self {
        match self {
            Self::Access => Self::Refresh,
            Self::Refresh => Self::Access,
        }
    }
}

/// Somebody with a session.
pub struct Caller {
    pub user_id: String,
    pub access: String,
    pub refresh: String,
}

impl Caller {
    pub fn token(&self, kind: Token) -> &str {
        match kind {
            Token::Access => &self.access,
            Token::Refresh => &self.refresh,
        }
    }
}

impl From<Tokens> for Caller {
    fn from(Tokens { access, refresh, user_id, .. }: Tokens) -> Self {
        Self { user_id, access, refresh }
    }
}

/// See the module.
pub struct World<'s> {
    server: &'s TestServer,
    pub app_id: String,
    pub client_app_id: String,
    /// The id of the user's key.
    key_id: String,
    deployment_id: String,
    callers: HashMap<&'static str, Caller>,
    /// The ids of what was made to be named in paths, by the path that lists it.
    made: Mutex<HashMap<String, String>>,
}

impl<'s> World<'s> {
    /// A server with another application than those of worlds.
    pub async fn server() -> TestServer {
        let folder = Arc::new(TempDir::new().unwrap());
        let custom =
            json!({"config": {"signingAlgorithm": "HS256"}, "secret_config": {"signingKeys": ["issuer"]}});
        let providers = json!({
            "custom-token": provider("custom-token", custom).1,
            "api-key": provider("api-key", json!({})).1,
        });
        let elsewhere = app_folder(folder.path(), ELSEWHERE, &providers, json!({}));
        TestServer::start_in(folder, |settings| {
            settings.apps = vec![elsewhere];
            settings.secrets = secrets(&[("issuer", SECRET)]);
        })
        .await
    }

    pub async fn new(server: &'s TestServer) -> Self {
        let mut world = Self {
            server,
            app_id: String::new(),
            client_app_id: String::new(),
            key_id: String::new(),
            deployment_id: String::new(),
            callers: HashMap::new(),
            made: Mutex::default(),
        };
        world.callers.insert("admin", server.log_in_as_admin().await.into());
        world.make_app().await;
        for name in ["user", "other", "disabled"] {
            let caller = world.log_in(&world.client_app_id, name).await;
            world.callers.insert(name, caller);
        }
        let user = world.caller("user").unwrap();
        let answer = server.post("/auth/api_keys", &user.refresh, json!({"name": "key"})).await;
        answer.expect(StatusCode::CREATED);
        world.key_id = answer.body["_id"].as_str().unwrap().to_owned();
        let key = server.log_in_to(&world.client_app_id, "api-key", json!({"key": answer.body["key"]})).await;
        let anonymous = server.log_in_to(&world.client_app_id, "anon-user", json!({})).await;
        let disabled = format!("/users/{}/disable", world.caller("disabled").unwrap().user_id);
        world.administer(Method::PUT, &disabled, json!({})).await;
        let stranger = world.log_in_as_stranger().await;
        world.callers.insert("stranger", stranger);
        let foreign = world.log_in(ELSEWHERE, &bodies::unique("foreign-")).await;
        for (name, caller) in
            [("key", key.tokens().into()), ("anonymous", anonymous.tokens().into()), ("foreign", foreign)]
        {
            world.callers.insert(name, caller);
        }
        world
    }

    async fn make_app(&mut self) {
        let url = format!("/api/admin/v3.0/groups/{GROUP_ID}/apps");
        let app = self.as_admin(Method::POST, &url, Some(json!({"name": bodies::unique("world-")}))).await;
        let text = |member: &str| app.body[member].as_str().unwrap().to_owned();
        (self.app_id, self.client_app_id) = (text("_id"), text("client_app_id"));
        let listed = self.as_admin(Method::GET, &format!("{url}/{}/auth_providers", self.app_id), None).await;
        let api_key = format!("/auth_providers/{}/enable", listed.body[0]["_id"].as_str().unwrap());
        self.administer(Method::PUT, &api_key, json!({})).await;
        self.administer(Method::POST, "/secrets", json!({"name": "issuer", "value": SECRET})).await;
        for (name, source) in
            [("answer", "exports = () => 42;"), ("confirm", "exports = () => ({status: 'pending'});")]
        {
            self.administer(Method::POST, "/functions", json!({"name": name, "source": source})).await;
        }
        let email = json!({
            "autoConfirm": false, "runConfirmationFunction": true, "confirmationFunctionName": "confirm",
            "resetPasswordUrl": "https://example.com/reset",
        });
        for provider in [
            json!({"type": "anon-user"}),
            json!({"type": "local-userpass", "config": email}),
            json!({
                "type": "custom-token", "config": {"signingAlgorithm": "HS256", "useJWKURI": false},
                "secret_config": {"signingKeys": ["issuer"]},
            }),
        ] {
            self.administer(Method::POST, "/auth_providers", provider).await;
        }
        let id = |answer: &Answer| answer.body["_id"].as_str().unwrap().to_owned();
        let draft = id(&self.administer(Method::POST, "/drafts", json!({})).await);
        let deploy = format!("/drafts/{draft}/deployment");
        self.deployment_id = id(&self.administer(Method::POST, &deploy, json!({})).await);
    }

    /// A request of the administrator below the application, which must succeed.
    async fn administer(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("/api/admin/v3.0/groups/{GROUP_ID}/apps/{}{path}", self.app_id);
        self.as_admin(method, &path, Some(body)).await
    }

    async fn as_admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let admin = self.caller("admin").unwrap();
        let url = format!("{}{path}", self.server.url);
        let mut request = self.server.request(method, &url).bearer_auth(&admin.access);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = Answer::of(request).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer
    }

    async fn log_in(&self, client_app_id: &str, sub: &str) -> Caller {
        let body = json!({"token": custom_jwt(client_app_id, sub)});
        self.server.log_in_to(client_app_id, "custom-token", body).await.tokens().into()
    }

    /// An administrator of another application than the user's.
    async fn log_in_as_stranger(&self) -> Caller {
        let elsewhere = self.server.state.apps().by_client_app_id(ELSEWHERE).unwrap().ids.app_id;
        let body = json!({"name": bodies::unique("stranger-"), "apps": [elsewhere]});
        let pair = self.as_admin(Method::POST, "/api/keystead/v1/admin_keys", Some(body)).await;
        let url = format!("{}/api/admin/v3.0/auth/providers/mongodb-cloud/login", self.server.url);
        let body = json!({"username": pair.body["public_key"], "apiKey": pair.body["private_key"]});
        Answer::of(self.server.request(Method::POST, &url).json(&body)).await.tokens().into()
    }

    /// Everybody but nobody.
    pub fn caller(&self, name: &str) -> Option<&Caller> {
        self.callers.get(name)
    }

    /// What somebody says who claims to be the user, in a member of this name.
    pub fn said(&self, name: &str) -> &str {
        if name == "app_id" { &self.app_id } else { &self.caller("user").unwrap().user_id }
    }

    /// The path of a row with the ids of what is the user's, or the application's.
    pub async fn fill(&self, method: &Method, path: &str) -> String {
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        let (mut template, mut filled) = (String::new(), String::new());
        for segment in route.split('/').skip(1) {
            let value = match segment {
                "{client_app_id}" => self.client_app_id.clone(),
                "{app_id}" => self.app_id.clone(),
                "{group_id}" => GROUP_ID.to_string(),
                "{provider}" => "custom-token".to_owned(),
                "{service}" => "gcm".to_owned(),
                "{user_id}" => self.caller("user").unwrap().user_id.clone(),
                "{key_id}" if template.contains("/users/") || template.contains("/client/") => {
                    self.key_id.clone()
                }
                "{email}" => self.register().await,
                "{deployment_id}" => self.deployment_id.clone(),
                parameter if parameter.starts_with('{') => self.make(&template, &filled).await,
                fixed => fixed.to_owned(),
            };
            template = format!("{template}/{segment}");
            filled = format!("{filled}/{value}");
        }
        if template.ends_with("/default_rule") && *method != Method::POST {
            self.make(&template, &filled).await;
        }
        if template.contains("/debug/") {
            filled += "?run_as_system=true";
        }
        if query.is_empty() { filled } else { format!("{filled}?{query}") }
    }

    /// The address of a registration that waits for its confirmation.
    async fn register(&self) -> String {
        let email = format!("{}@example.com", bodies::unique("pending-"));
        let path = format!("/app/{}/auth/providers/local-userpass/register", self.client_app_id);
        let body = json!({"email": email, "password": "password"});
        self.server.call(Method::POST, &path, None, Some(body)).await.expect(StatusCode::CREATED);
        email
    }

    /// The id of something that this path lists.
    async fn make(&self, template: &str, path: &str) -> String {
        let mut made = self.made.lock().await;
        if let Some(id) = made.get(path) {
            return id.clone();
        }
        let body = bodies::of(&Method::POST, template, self);
        let answer = self.as_admin(Method::POST, path, body).await;
        let id = answer.body["_id"].as_str().unwrap().to_owned();
        made.insert(path.to_owned(), id.clone());
        id
    }

    /// What is the user's, as it is now.
    pub async fn victim(&self) -> Value {
        let user = self.caller("user").unwrap();
        let keys = self.server.get("/auth/api_keys", &user.refresh).await;
        let path = format!("/api/admin/v3.0/groups/{GROUP_ID}/apps/{}/users/{}", self.app_id, user.user_id);
        let account = self.as_admin(Method::GET, &path, None).await;
        let profile = self.server.get("/auth/profile", &user.access).await;
        json!({
            "keys": keys.body,
            "sessions": profile.status.as_u16(),
            "disabled": account.body["disabled"],
            "identities": account.body["identities"],
        })
    }
}
