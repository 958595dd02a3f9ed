//! Applications: what their folder says they do, read into types that cannot be wrong. A folder is an
//! App Services export (protocol §8): `layout/` reads it, whichever layout it has, and the other files
//! check what it says, once for all layouts. When folders are read is not decided here.

pub mod custom_token;
mod custom_user_data;
pub mod email_password;
mod files;
mod functions;
mod json;
mod layout;
mod object;
mod program;
mod providers;
mod report;
mod root;
mod secrets;
mod suggest;
mod values;

pub use files::Source;
pub use functions::{Function, Functions};
pub use providers::Providers;
pub use report::{Finding, Problems, Report};
pub use secrets::Secrets;
pub use values::{AppValue, Environment};

use crate::store::apps::AppRecord;
use files::{Files, SECRETS};
use keystead_functions::Program;
use keystead_protocol::id::{AppId, DomainId};
use providers::Context;
use secrets::AppSecrets;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An application that is served.
pub struct App {
    /// Its ids.
    pub ids: AppRecord,
    /// What it does.
    pub config: AppConfig,
    /// Where it comes from.
    pub source: Source,
    /// Its functions, as they are run.
    pub program: Arc<Program>,
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
    /// Such as `aws-us-east-1`, told to functions and otherwise without meaning.
    pub provider_region: Option<String>,
    /// Browser origins that may call; empty: all.
    pub allowed_request_origins: Vec<String>,
    /// How users log in.
    pub providers: Providers,
    /// Its functions.
    pub functions: Functions,
    /// Its values by name, secrets resolved.
    pub values: BTreeMap<String, AppValue>,
    /// Its environment.
    pub environment: Environment,
    /// The function that is called before a user is made.
    pub on_user_creation_function: Option<String>,
}

impl AppConfig {
    /// Whether it confirms or resets by mail.
    pub fn sends_mails(&self) -> bool {
        use email_password::{Confirmation, PasswordReset};
        self.providers.email_password.as_ref().is_some_and(|config| {
            matches!(config.confirmation, Confirmation::Mail(_))
                || matches!(config.reset, PasswordReset::Mail(_))
        })
    }

    /// Whether a browser page of this origin may call.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_request_origins.is_empty()
            || self.allowed_request_origins.iter().any(|allowed| allowed.trim_end_matches('/') == origin)
    }
}

/// Reads an application, and says all there is to say about its folder. There is an application if
/// there are no problems.
pub fn read(source: &Source, secrets: &Secrets) -> (Option<AppConfig>, Report) {
    let mut report = Report::default();
    let config = match Files::open(source) {
        Ok(files) => read_files(&files, secrets, &mut report),
        Err(problem) => {
            report.problems.push(problem);
            None
        }
    };
    (config.filter(|_| report.problems.is_empty()), report)
}

fn read_files(files: &Files, secrets: &Secrets, report: &mut Report) -> Option<AppConfig> {
    let mut documents = layout::read(files, report)?;
    let root = documents.root.take().and_then(|document| root::read(&document, report));
    let allowed_request_origins = root::allowed_request_origins(&mut documents, report);
    let others_may_read = files.others_may_read(SECRETS);
    let secrets = AppSecrets::read(secrets, documents.secrets.take(), others_may_read, report);
    let (functions, names) = functions::read(&mut documents, report);
    let client_app_id = root.as_ref().map_or("", |root| &root.client_app_id);
    let context = Context { client_app_id, functions: &names, secrets: &secrets };
    let providers = providers::read(&mut documents, &context, report);
    let on_user_creation_function = custom_user_data::read(&mut documents, &names, report);
    let values = values::read_values(&mut documents, &secrets, report);
    let tag = root.as_ref().map_or("", |root| &root.environment);
    let environment = values::read_environment(&mut documents, tag, report);
    let root = root?;
    Some(AppConfig {
        client_app_id: root.client_app_id,
        name: root.name,
        deployment_model: root.deployment_model,
        location: root.location,
        provider_region: root.provider_region,
        allowed_request_origins,
        providers,
        functions,
        values,
        environment,
        on_user_creation_function,
    })
}

/// The applications of this server: few, so that ordered maps find them faster than hashed ones.
#[derive(Default, Clone)]
pub struct Apps {
    by_client_app_id: BTreeMap<String, Arc<App>>,
    by_domain: BTreeMap<DomainId, Arc<App>>,
}

impl Apps {
    /// Adds an application, or replaces the one with its ids.
    pub fn add(&mut self, app: Arc<App>) {
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

    /// The application that comes from there.
    pub fn by_source(&self, source: &Source) -> Option<Arc<App>> {
        self.iter().find(|app| app.source == *source).cloned()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.by_client_app_id.values()
    }
}
