//! Applications: what their folder says they do, read once at start-up into types that cannot be
//! wrong. A folder is an App Services export (protocol §8).

pub mod custom_token;
pub mod email_password;
mod folder;
mod secrets;

pub use folder::{Problem, Problems, Source, load};
pub use secrets::Secrets;

use crate::store::apps::AppRecord;
use custom_token::CustomTokenConfig;
use email_password::EmailPasswordConfig;
use keystead_protocol::id::{AppId, DomainId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An application that is served.
pub struct App {
    /// Its ids.
    pub ids: AppRecord,
    /// What it does.
    pub config: AppConfig,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("client_app_id", &self.ids.client_app_id).finish_non_exhaustive()
    }
}

/// What the folder says.
pub struct AppConfig {
    /// The id that clients use.
    pub client_app_id: String,
    /// For people.
    pub name: String,
    /// `GLOBAL` or `LOCAL`, told to clients and otherwise without meaning.
    pub deployment_model: String,
    /// Such as `US-VA`, told to clients and otherwise without meaning.
    pub location: String,
    /// Browser origins that may call; empty: all.
    pub allowed_request_origins: Vec<String>,
    /// How users log in.
    pub providers: Providers,
    /// What the operator should know of this folder.
    pub notices: Vec<String>,
}

impl AppConfig {
    /// Whether a browser page of this origin may call.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_request_origins.is_empty()
            || self.allowed_request_origins.iter().any(|allowed| allowed.trim_end_matches('/') == origin)
    }
}

/// The enabled providers.
#[derive(Default)]
pub struct Providers {
    /// `anon-user`.
    pub anonymous: bool,
    /// `api-key`.
    pub api_key: bool,
    /// `local-userpass`.
    pub email_password: Option<EmailPasswordConfig>,
    /// `custom-token`.
    pub custom_token: Option<CustomTokenConfig>,
    /// `custom-function`: the name of the function.
    pub custom_function: Option<String>,
}

/// The applications of this server: few, so that ordered maps find them faster than hashed ones.
#[derive(Default)]
pub struct Apps {
    by_client_app_id: BTreeMap<String, Arc<App>>,
    by_domain: BTreeMap<DomainId, Arc<App>>,
}

impl Apps {
    /// Adds an application.
    pub fn add(&mut self, app: App) {
        let app = Arc::new(app);
        self.by_domain.insert(app.ids.domain_id, Arc::clone(&app));
        self.by_client_app_id.insert(app.ids.client_app_id.clone(), app);
    }

    /// The application that clients know by this id.
    pub fn by_client_app_id(&self, client_app_id: &str) -> Option<Arc<App>> {
        self.by_client_app_id.get(client_app_id).cloned()
    }

    /// The application that a token names.
    pub fn by_domain(&self, domain_id: DomainId) -> Option<Arc<App>> {
        self.by_domain.get(&domain_id).cloned()
    }

    /// The application with this admin API id.
    pub fn by_app_id(&self, app_id: AppId) -> Option<Arc<App>> {
        self.iter().find(|app| app.ids.app_id == app_id).cloned()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.by_client_app_id.values()
    }
}
