//! The settings of a server, as meant: parsed, with defaults filled in. Where they come from (flags,
//! environment, file) is the command line's business.

use crate::app_config::{Secrets, Source};
use crate::domain::secret_key::KeyPrefix;
use crate::domain::signing_keys::KeyPolicy;
use crate::domain::throttle::ThrottleRate;
use crate::domain::tokens::Algorithm;
use crate::outbound::AllowedTarget;
use ipnet::IpNet;
use keystead_functions::{Limits, PoolSettings, WorkerCommand};
use keystead_protocol::secret::SecretText;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// See the module.
pub struct Settings {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// The URL at which clients reach the server; `None` derives it from `listen`.
    pub public_url: Option<Url>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The applications; none stands for the quickstart.
    pub apps: Vec<Source>,
    /// Whether a changed folder of an application is noticed, and read again.
    pub watch: bool,
    /// The applications' secrets.
    pub secrets: Secrets,
    /// The pepper, 64 hexadecimal digits; `None` keeps it in a file of the data folder.
    pub pepper: Option<SecretText>,
    /// The administrator.
    pub admin: AdminSettings,
    /// A mail server, like `smtp://user:password@host:587?tls=required`.
    pub smtp_url: Option<SecretText>,
    /// Whom mails are from; `None` derives it from the public URL.
    pub mail_from: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Failed logins per client address and per account.
    pub login_throttle: ThrottleRate,
    /// Audit events that are older are deleted; `None` keeps them for ever.
    pub audit_retention: Option<Duration>,
    /// What user API keys start with.
    pub key_prefix: KeyPrefix,
    /// What server API keys start with.
    pub server_key_prefix: KeyPrefix,
    /// How tokens are signed.
    pub key_policy: KeyPolicy,
    /// How long a session lasts: 30 minutes to 5 years.
    pub refresh_token_lifetime: Duration,
    /// Hosts and networks that the server may reach although they are not public.
    pub outbound_allow: Vec<AllowedTarget>,
    /// How functions are run. Their workers are processes of this very program, and
    /// [`keystead_functions::worker`] is what it does then.
    pub functions: PoolSettings,
    /// Certificate chain and key, as PEM files.
    pub tls: Option<TlsSettings>,
    /// So many connections may be open at once.
    pub max_connections: usize,
}

/// See [`Settings::admin`].
#[derive(Default)]
pub struct AdminSettings {
    /// `None`: `admin@localhost`.
    pub email: Option<String>,
    /// `None`: generated at first start and printed once.
    pub password: Option<SecretText>,
}

/// See [`Settings::tls`].
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Shortest and longest life of a session (protocol §2.5).
pub const REFRESH_TOKEN_LIFETIMES: std::ops::RangeInclusive<Duration> =
    Duration::from_mins(30)..=Duration::from_hours(5 * 365 * 24);

impl Settings {
    /// Where the applications come from.
    pub fn sources(&self) -> &[Source] {
        if self.apps.is_empty() { &[Source::Quickstart] } else { &self.apps }
    }

    /// The defaults, with everything kept in `data_dir`.
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            public_url: None,
            data_dir,
            apps: Vec::new(),
            watch: false,
            secrets: Secrets::default(),
            pepper: None,
            admin: AdminSettings::default(),
            smtp_url: None,
            mail_from: None,
            trusted_proxies: Vec::new(),
            login_throttle: ThrottleRate::per_minute(20),
            audit_retention: Some(Duration::from_hours(400 * 24)),
            key_prefix: KeyPrefix::default(),
            server_key_prefix: KeyPrefix::default_of_server_keys(),
            key_policy: KeyPolicy {
                access_algorithm: Algorithm::EdDsa,
                shared_secret: None,
                rotate_after: Duration::from_hours(90 * 24),
            },
            refresh_token_lifetime: Duration::from_hours(60 * 24),
            outbound_allow: Vec::new(),
            functions: default_functions(),
            tls: None,
            max_connections: 10_000,
        }
    }
}

/// What the program is called with when it is to be a worker that runs functions.
pub const FUNCTION_WORKER: &str = "__function-worker";

fn default_functions() -> PoolSettings {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    PoolSettings {
        worker: WorkerCommand {
            program: std::env::current_exe().unwrap_or_else(|_| "keystead".into()),
            arguments: vec![FUNCTION_WORKER.into()],
        },
        // A function may wait, for an answer from elsewhere, and others go on meanwhile.
        workers: processors * 2,
        calls_per_application: 64,
        limits: Limits::default(),
    }
}
