//! Applications: what their folder says they do, read into types that cannot be wrong. A folder is an
//! App Services export (protocol §8): `layout/` reads it, whichever layout it has, and the other files
//! check what it says, once for all layouts. When folders are read is not decided here.

pub mod custom_token;
mod custom_user_data;
pub mod definition;
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
use definition::{Collection, Definition};
use files::{Files, SECRETS};
use ipnet::IpNet;
use keystead_functions::Program;
use keystead_protocol::id::{AppId, DomainId};
use keystead_protocol::secret::SecretText;
use layout::Documents;
use providers::Context;
use root::client_app_id;
use secrets::AppSecrets;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// An application that is served.
pub struct App {
    /// Its ids.
    pub ids: AppRecord,
    /// What it does.
    pub config: AppConfig,
    /// Where it is read from; `None`: it was made by the admin API, which may change it.
    pub source: Option<Source>,
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
    /// Networks that clients may call from; `None`: all.
    pub access_list: Option<Vec<IpNet>>,
    /// How long a session lasts; `None`: as the server is set.
    pub refresh_token_lifetime: Option<Duration>,
    /// What all of this was read from, as the admin API shows it.
    pub definition: Definition,
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

    /// Whether a client of this address may call.
    pub fn allows_address(&self, address: IpAddr) -> bool {
        self.access_list
            .as_ref()
            .is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    }

    /// Whether a browser page of this origin may call.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_request_origins.is_empty()
            || self.allowed_request_origins.iter().any(|allowed| allowed.trim_end_matches('/') == origin)
    }
}

/// Why a secret or a value cannot have this name; `None` if it can.
pub fn secret_name_problem(name: &str) -> Option<&'static str> {
    secrets::check_name(name).err()
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
    let others_may_read = files.others_may_read(SECRETS);
    let secrets = AppSecrets::read(secrets, documents.secrets.take(), others_may_read, report);
    read_documents(documents, &secrets, report)
}

/// Reads an application of the admin API, and says all there is to say about it. There is an application
/// if there are no problems. Its secrets are its own alone: whoever configures it must not reach those of
/// the server's environment.
pub fn read_definition(
    definition: &Definition,
    client_app_id: &str,
    secrets: BTreeMap<String, SecretText>,
) -> (Option<AppConfig>, Report) {
    let mut report = Report::default();
    let none = Secrets::default();
    let secrets = AppSecrets::stored(&none, secrets);
    let config = read_documents(definition.documents(client_app_id), &secrets, &mut report);
    let access_list = access_list(definition, &mut report);
    let config = config.filter(|_| report.problems.is_empty()).map(|config| AppConfig {
        access_list,
        refresh_token_lifetime: definition.refresh_token_lifetime.map(Duration::from_secs),
        definition: definition.clone(),
        ..config
    });
    (config, report)
}

/// The networks that clients may call from; `None`: all, as "0.0.0.0/0" says of those of IPv6, too.
fn access_list(definition: &Definition, report: &mut Report) -> Option<Vec<IpNet>> {
    let mut networks = Vec::new();
    for item in definition.list(Collection::AccessList) {
        let address = item.text("address");
        match address.parse().or_else(|_| address.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => report.problem(
                "access_list",
                "address",
                "this must be an address or a network like 192.0.2.0/24",
            ),
        }
    }
    let everywhere = networks.iter().any(|network: &IpNet| network.prefix_len() == 0);
    (!everywhere).then_some(networks)
}

fn read_documents(
    mut documents: Documents,
    secrets: &AppSecrets<'_>,
    report: &mut Report,
) -> Option<AppConfig> {
    let client_app_id = documents.root.as_ref().map(client_app_id).unwrap_or_default();
    let definition = Definition::of_documents(&documents, &client_app_id);
    let root = documents.root.take().and_then(|document| root::read(&document, report));
    let allowed_request_origins = root::allowed_request_origins(&mut documents, report);
    let (functions, names) = functions::read(&mut documents, report);
    let context = Context { client_app_id: &client_app_id, functions: &names, secrets };
    let providers = providers::read(&mut documents, &context, report);
    let on_user_creation_function = custom_user_data::read(&mut documents, &names, report);
    let values = values::read_values(&mut documents, secrets, report);
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
        access_list: None,
        refresh_token_lifetime: None,
        definition,
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

    /// Takes an application away.
    pub fn remove(&mut self, app_id: AppId) {
        self.by_domain.retain(|_, app| app.ids.app_id != app_id);
        self.by_client_app_id.retain(|_, app| app.ids.app_id != app_id);
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
        self.iter().find(|app| app.source.as_ref() == Some(source)).cloned()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.by_client_app_id.values()
    }
}
