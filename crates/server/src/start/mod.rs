//! Starting, serving and stopping.

mod connection;
mod data_dir;
mod listener;
mod reload;
mod restore;
mod tls;
mod workers;

pub(crate) use data_dir::{DATABASE, DataDir, PEPPER, create_private_file};
pub use reload::reload_apps;
pub(crate) use reload::{Watch, reload_when_wanted};
pub use restore::{Restored, restore};

use crate::app_config::{self, App, AppConfig, Apps, Problems};
use crate::clock::Clock;
use crate::domain::admins::{self, GeneratedAdmin};
use crate::domain::app_logs::AppLogs;
use crate::domain::apps::{from_json, read_app, secrets};
use crate::domain::foreign_keys;
use crate::domain::ids::IdGenerator;
use crate::domain::passwords::Passwords;
use crate::domain::pepper::{CryptoFailed, Pepper};
use crate::domain::providers::jwks::JwkSets;
use crate::domain::signing_keys;
use crate::domain::throttles::Throttles;
use crate::domain::usage::UsageTracker;
use crate::error::Error;
use crate::jobs;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::settings::Settings;
use crate::state::{ServerState, is_local};
use crate::store::Store;
use crate::store::apps::AppRecord;
use crate::store::sqlite::SqliteStore;
use arc_swap::ArcSwap;
use keystead_functions::Pool;
use keystead_protocol::provider::ProviderType;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// Why a server does not start: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum StartError {
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("the data folder {path} cannot be used: {problem}")]
    DataDir { path: String, problem: String },
    #[error("the pepper is unusable: {0}")]
    Pepper(String),
    #[error("the application in {source_name} cannot be served: {problems}")]
    App { source_name: String, problems: Problems },
    #[error("two applications have the client app id {0:?}")]
    DuplicateApp(String),
    #[error("the TLS certificate or key cannot be used: {0}")]
    Tls(std::io::Error),
    #[error("mail cannot be sent: {0}")]
    Mail(String),
    #[error("the backup {file} cannot be restored: {problem}")]
    Restore { file: String, problem: String },
    #[error("{0}")]
    Other(String),
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<CryptoFailed> for StartError {
    fn from(error: CryptoFailed) -> Self {
        Self::Other(error.to_string())
    }
}

/// A server that is bound and ready, and serves once [`Server::serve`] is called.
pub struct Server {
    /// What its requests share.
    pub state: Arc<ServerState>,
    /// Where it listens.
    pub address: SocketAddr,
    /// The administrator that was made just now, to be shown this once.
    pub generated_admin: Option<GeneratedAdmin>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    watch: Watch,
    _data_dir: DataDir,
}

impl Server {
    /// Binds, opens the store, reads the applications, makes what is missing at first start.
    ///
    /// # Errors
    /// The first thing that is in the way.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        // Fails only if it was installed before, by an earlier server of this process.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let tls = tls::read(settings.tls.as_ref())?;
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).map_err(|error| StartError::Listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        let data_dir = DataDir::open(&settings.data_dir)?;
        let pepper = data_dir.pepper(settings.pepper.as_ref())?;
        let store = SqliteStore::open(&data_dir.open_database()?, pepper.audit_chain()?)
            .map_err(|error| StartError::DataDir { path: data_dir.display(), problem: error.to_string() })?;
        // From before they are read, so that no change falls between.
        let watch = Watch::start(&settings);
        let state = Arc::new(build_state(settings, address, Arc::new(store), pepper).await?);
        for app in state.apps().iter() {
            signing_keys::renew(&state, app.ids.app_id, false).await?;
        }
        let generated_admin = admins::ensure(&state).await?;
        Ok(Self { state, address, generated_admin, listener, tls, watch, _data_dir: data_dir })
    }

    /// Serves until `shutdown` is done, then finishes what was begun, and closes the store.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), StartError> {
        let jobs = jobs::start(&self.state, self.watch);
        let served = listener::serve(&self.state, self.listener, self.tls, shutdown).await;
        for job in jobs {
            job.abort();
        }
        self.state.functions.close().await;
        if let Err(error) = jobs::flush_once(&self.state).await {
            tracing::error!(%error, "the last uses could not be written");
        }
        self.state.store.close();
        served
    }
}

async fn build_state(
    settings: Settings,
    address: SocketAddr,
    store: Arc<dyn Store>,
    pepper: Pepper,
) -> Result<ServerState, StartError> {
    let other = |error: &dyn std::error::Error| StartError::Other(error.to_string());
    let public_url = match &settings.public_url {
        Some(url) => url.clone(),
        None => derived_url(address, settings.tls.is_some())?,
    };
    let clock = Arc::new(Clock::default());
    let ids = IdGenerator::new().map_err(|error| other(&error))?;
    let mut apps = load_apps(&settings, store.as_ref(), &clock, &ids).await?;
    load_stored_apps(&mut apps, store.as_ref(), &pepper).await?;
    let key_ring = signing_keys::load(store.as_ref(), &pepper).await?;
    let known_foreign_keys = foreign_keys::load(store.as_ref(), &pepper).await?;
    let outbound = Outbound::new(settings.outbound_allow.clone()).map_err(|error| other(&error))?;
    Ok(ServerState {
        mailer: mailer(&settings, &public_url, address)?,
        public_url: public_url.as_str().trim_end_matches('/').to_owned(),
        store,
        clock,
        ids,
        app_changes: tokio::sync::Mutex::new(()),
        apps: ArcSwap::from_pointee(apps),
        admin_keys: admins::token_keys(&pepper)?,
        pepper,
        passwords: Passwords::new().map_err(|error| other(&error))?,
        throttles: Arc::new(Throttles::new(settings.login_throttle)),
        usage: UsageTracker::default(),
        functions: Pool::new(settings.functions.clone()),
        function_host: Arc::new(outbound.clone()),
        jwk_sets: JwkSets::new(outbound),
        foreign_keys: ArcSwap::from_pointee(known_foreign_keys),
        foreign_keys_turn: Mutex::new(()),
        backup_turn: Arc::default(),
        mail_waits: Notify::new(),
        reload_wanted: Notify::new(),
        metrics: Metrics::new(),
        app_logs: AppLogs::default(),
        key_ring: ArcSwap::from_pointee(key_ring),
        settings,
    })
}

/// The URL for clients on this machine, where nothing else was said.
fn derived_url(address: SocketAddr, tls: bool) -> Result<Url, StartError> {
    let scheme = if tls { "https" } else { "http" };
    let ip = address.ip();
    let host = if ip.is_loopback() || ip.is_unspecified() {
        "localhost".to_owned()
    } else {
        SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned()
    };
    let url = format!("{scheme}://{host}:{}", address.port());
    url.parse().map_err(|error| StartError::Other(format!("no public URL follows from {address}: {error}")))
}

/// Without a mail server, mails go to the log, but only where nobody else can ask for them.
fn mailer(settings: &Settings, public_url: &Url, address: SocketAddr) -> Result<Mailer, StartError> {
    let Some(smtp_url) = &settings.smtp_url else {
        let alone = is_local(public_url) && address.ip().is_loopback();
        return Ok(if alone { Mailer::Log } else { Mailer::Off });
    };
    let host = public_url.host_str().unwrap_or("localhost");
    let from = settings.mail_from.clone().unwrap_or_else(|| format!("no-reply@{host}"));
    Mailer::smtp(smtp_url.expose(), &from).map_err(StartError::Mail)
}

async fn load_apps(
    settings: &Settings,
    store: &dyn Store,
    clock: &Clock,
    ids: &IdGenerator,
) -> Result<Apps, StartError> {
    let mut apps = Apps::default();
    for source in settings.sources() {
        let (config, report) = app_config::read(source, &settings.secrets);
        let Some(config) = config else {
            let problems = Problems { found: report.problems };
            return Err(StartError::App { source_name: source.to_string(), problems });
        };
        for notice in &report.notices {
            tracing::warn!(app.id = config.client_app_id, "{notice}");
        }
        if apps.by_client_app_id(&config.client_app_id).is_some() {
            return Err(StartError::DuplicateApp(config.client_app_id));
        }
        let ids = app_ids(&config, store, clock, ids).await?;
        apps.add(Arc::new(App::new(ids, config, Some(source.clone()))));
    }
    Ok(apps)
}

/// The applications of the admin API. One that this version cannot read is not served; the others are.
async fn load_stored_apps(apps: &mut Apps, store: &dyn Store, pepper: &Pepper) -> Result<(), StartError> {
    for stored in store.list_stored_apps().await.map_err(Error::from)? {
        let client_app_id = &stored.ids.client_app_id;
        if apps.by_client_app_id(client_app_id).is_some() {
            return Err(StartError::DuplicateApp(client_app_id.clone()));
        }
        let secrets = store.list_app_secrets(stored.ids.app_id).await.map_err(Error::from)?;
        let read = from_json(&stored.definition)
            .and_then(|definition| read_app(&stored.ids, &definition, secrets::open(pepper, secrets)?));
        match read {
            Ok(app) => apps.add(Arc::new(app)),
            Err(error) => tracing::error!(app.id = client_app_id, %error, "the application is not served"),
        }
    }
    Ok(())
}

async fn app_ids(
    config: &AppConfig,
    store: &dyn Store,
    clock: &Clock,
    ids: &IdGenerator,
) -> Result<AppRecord, StartError> {
    let now = clock.now();
    let record = AppRecord {
        app_id: ids.next(now),
        client_app_id: config.client_app_id.clone(),
        domain_id: ids.next(now),
        provider_ids: ProviderType::ALL.iter().map(|provider| (*provider, ids.next(now))).collect(),
        created_at: now,
    };
    store.find_or_insert_app(record).await.map_err(|error| StartError::Other(error.to_string()))
}
