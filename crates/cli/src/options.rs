//! The options of `serve`: the same names as flags, as environment variables and in the file. Each is
//! read as text and parsed once all three have been looked at, so a bad value is explained the same
//! way wherever it came from.
#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these doc comments are help texts, printed as they are"
)]

use crate::duration;
use clap::Args;
use keystead_functions::{MAX_WALL, PoolSettings};
use keystead_server::app_config::{Secrets, Source};
use keystead_server::settings::{AdminSettings, REFRESH_TOKEN_LIFETIMES, Settings, TlsSettings};
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// See the module. The doc comments are the help texts.
#[derive(Args, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServeOptions {
    /// Read settings from this TOML file [default: ./keystead.toml, if there is one]
    #[arg(long, env = "KEYSTEAD_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,

    /// Address and port to listen on [default: 127.0.0.1:9090]
    #[arg(long, env = "KEYSTEAD_LISTEN")]
    listen: Option<String>,

    /// URL at which clients reach this server [default: http://localhost:9090, derived from --listen]
    #[arg(long, env = "KEYSTEAD_PUBLIC_URL")]
    public_url: Option<String>,

    /// Folder in which everything is kept [default: ./keystead-data]
    #[arg(long, env = "KEYSTEAD_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// App Services application folder to serve; may be repeated [default: the bundled quickstart]
    #[arg(long, env = "KEYSTEAD_APP", value_delimiter = ',')]
    app: Option<Vec<PathBuf>>,

    /// Notice changed application folders, and serve them as they are now [default: only on SIGHUP]
    #[arg(long, env = "KEYSTEAD_WATCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    watch: Option<bool>,

    /// Email address of the administrator [default: admin@localhost]
    #[arg(long, env = "KEYSTEAD_ADMIN_EMAIL")]
    admin_email: Option<String>,

    /// Password of the administrator [default: generated at first start and printed once]
    #[arg(long, env = "KEYSTEAD_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,

    /// File that holds the password of the administrator
    #[arg(long, env = "KEYSTEAD_ADMIN_PASSWORD_FILE", conflicts_with = "admin_password")]
    admin_password_file: Option<PathBuf>,

    /// Mail server, like smtp://user:password@host:587?tls=required [default: none; a server that
    /// listens on this machine alone writes mails to its log]
    #[arg(long, env = "KEYSTEAD_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<String>,

    /// Sender of mails, like "Example <no-reply@example.com>" [default: no-reply@ the public host]
    #[arg(long, env = "KEYSTEAD_MAIL_FROM")]
    mail_from: Option<String>,

    /// Proxies whose X-Forwarded-For is believed, like 10.0.0.0/8,192.0.2.1 [default: none]
    #[arg(long, env = "KEYSTEAD_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Option<Vec<String>>,

    /// Failed logins per client address and per account, like 20/min, or off [default: 20/min]
    #[arg(long, env = "KEYSTEAD_LOGIN_THROTTLE")]
    login_throttle: Option<String>,

    /// How long events are kept in the audit trail, like 400d, or forever [default: 400d]
    #[arg(long, env = "KEYSTEAD_AUDIT_RETENTION")]
    audit_retention: Option<String>,

    /// What to log: error, warn, info, debug or a tracing filter [default: info]
    #[arg(long, env = "KEYSTEAD_LOG")]
    pub(crate) log: Option<String>,

    /// What user API keys start with [default: ks_user]
    #[arg(long, env = "KEYSTEAD_API_KEY_PREFIX")]
    api_key_prefix: Option<String>,

    /// What server API keys start with [default: ks_server]
    #[arg(long, env = "KEYSTEAD_SERVER_KEY_PREFIX")]
    server_key_prefix: Option<String>,

    /// How long a session lasts, 30m to 1825d [default: 60d]
    #[arg(long, env = "KEYSTEAD_REFRESH_TOKEN_LIFETIME")]
    refresh_token_lifetime: Option<String>,

    /// How access tokens are signed: EdDSA (anybody can verify) or HS256 [default: EdDSA]
    #[arg(long, env = "KEYSTEAD_ACCESS_TOKEN_ALGORITHM")]
    access_token_algorithm: Option<String>,

    /// File with the secret that HS256 access tokens are signed with, if others verify them
    /// [default: generated]
    #[arg(long, env = "KEYSTEAD_ACCESS_TOKEN_SECRET_FILE")]
    access_token_secret_file: Option<PathBuf>,

    /// Age at which signing keys are replaced [default: 90d]
    #[arg(long, env = "KEYSTEAD_SIGNING_KEY_ROTATION")]
    signing_key_rotation: Option<String>,

    /// Hosts and networks that are not public and may yet be reached, for JWK sets and by functions
    /// [default: none]
    #[arg(long, env = "KEYSTEAD_OUTBOUND_ALLOW", value_delimiter = ',')]
    outbound_allow: Option<Vec<String>>,

    /// How long a call of a function may take, up to 300s [default: 10s]
    #[arg(long, env = "KEYSTEAD_FUNCTION_TIMEOUT")]
    function_timeout: Option<String>,

    /// How long a call of a function may compute [default: 10s]
    #[arg(long, env = "KEYSTEAD_FUNCTION_CPU_TIME")]
    function_cpu_time: Option<String>,

    /// Memory of a call of a function, in megabytes [default: 64]
    #[arg(long, env = "KEYSTEAD_FUNCTION_MEMORY")]
    #[serde(deserialize_with = "text_or_number")]
    function_memory: Option<String>,

    /// Stack of a call of a function, in kilobytes [default: 512]
    #[arg(long, env = "KEYSTEAD_FUNCTION_STACK")]
    #[serde(deserialize_with = "text_or_number")]
    function_stack: Option<String>,

    /// Result of a call of a function, in kilobytes [default: 4096]
    #[arg(long, env = "KEYSTEAD_FUNCTION_OUTPUT")]
    #[serde(deserialize_with = "text_or_number")]
    function_output: Option<String>,

    /// How deep functions may call one another [default: 16]
    #[arg(long, env = "KEYSTEAD_FUNCTION_DEPTH")]
    #[serde(deserialize_with = "text_or_number")]
    function_depth: Option<String>,

    /// Calls of functions that each application may have at once [default: 64]
    #[arg(long, env = "KEYSTEAD_FUNCTION_CALLS")]
    #[serde(deserialize_with = "text_or_number")]
    function_calls: Option<String>,

    /// Processes that run functions [default: two for each processor]
    #[arg(long, env = "KEYSTEAD_FUNCTION_WORKERS")]
    #[serde(deserialize_with = "text_or_number")]
    function_workers: Option<String>,

    /// PEM file with the TLS certificate chain [default: none, plain HTTP]
    #[arg(long, env = "KEYSTEAD_TLS_CERTIFICATE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,

    /// PEM file with the TLS private key
    #[arg(long, env = "KEYSTEAD_TLS_KEY", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,

    /// Connections that may be open at once [default: 10000]
    #[arg(long, env = "KEYSTEAD_MAX_CONNECTIONS")]
    #[serde(deserialize_with = "text_or_number")]
    max_connections: Option<String>,
}

const DEFAULT_CONFIG: &str = "keystead.toml";

impl ServeOptions {
    /// These options, with those of the file where they say nothing.
    pub(crate) fn with_file(self) -> Result<Self, String> {
        let path = self.config.clone().unwrap_or_else(|| DEFAULT_CONFIG.into());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(_) if self.config.is_none() && !path.exists() => return Ok(self),
            Err(error) => {
                return Err(format!("the settings file {} cannot be read: {error}", path.display()));
            }
        };
        let file: Self = toml::from_str(&text).map_err(|error| {
            format!("the settings file {} is malformed: {}", path.display(), error.message())
        })?;
        Ok(self.or(file))
    }

    fn or(self, file: Self) -> Self {
        Self {
            config: self.config,
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            data_dir: self.data_dir.or(file.data_dir),
            app: self.app.or(file.app),
            watch: self.watch.or(file.watch),
            admin_email: self.admin_email.or(file.admin_email),
            admin_password: self.admin_password.or(file.admin_password),
            admin_password_file: self.admin_password_file.or(file.admin_password_file),
            smtp_url: self.smtp_url.or(file.smtp_url),
            mail_from: self.mail_from.or(file.mail_from),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            login_throttle: self.login_throttle.or(file.login_throttle),
            audit_retention: self.audit_retention.or(file.audit_retention),
            log: self.log.or(file.log),
            api_key_prefix: self.api_key_prefix.or(file.api_key_prefix),
            server_key_prefix: self.server_key_prefix.or(file.server_key_prefix),
            refresh_token_lifetime: self.refresh_token_lifetime.or(file.refresh_token_lifetime),
            access_token_algorithm: self.access_token_algorithm.or(file.access_token_algorithm),
            access_token_secret_file: self.access_token_secret_file.or(file.access_token_secret_file),
            signing_key_rotation: self.signing_key_rotation.or(file.signing_key_rotation),
            outbound_allow: self.outbound_allow.or(file.outbound_allow),
            function_timeout: self.function_timeout.or(file.function_timeout),
            function_cpu_time: self.function_cpu_time.or(file.function_cpu_time),
            function_memory: self.function_memory.or(file.function_memory),
            function_stack: self.function_stack.or(file.function_stack),
            function_output: self.function_output.or(file.function_output),
            function_depth: self.function_depth.or(file.function_depth),
            function_calls: self.function_calls.or(file.function_calls),
            function_workers: self.function_workers.or(file.function_workers),
            tls_certificate: self.tls_certificate.or(file.tls_certificate),
            tls_key: self.tls_key.or(file.tls_key),
            max_connections: self.max_connections.or(file.max_connections),
        }
    }

    /// The settings that these options mean.
    pub(crate) fn into_settings(self) -> Result<Settings, String> {
        let mut settings = Settings::new(self.data_dir.clone().unwrap_or_else(|| "./keystead-data".into()));
        self.set_functions(&mut settings.functions)?;
        set(&mut settings.listen, self.listen.as_deref(), "--listen")?;
        settings.public_url = public_url(self.public_url.as_deref())?;
        settings.apps = self.app.unwrap_or_default().into_iter().map(Source::Folder).collect();
        settings.watch = self.watch.unwrap_or_default();
        settings.secrets = secrets();
        settings.pepper = std::env::var("KEYSTEAD_PEPPER").ok().map(Into::into);
        let admin_password = match (self.admin_password, self.admin_password_file) {
            (Some(password), _) => Some(password),
            (None, Some(file)) => Some(read_secret(&file)?),
            (None, None) => None,
        };
        settings.admin = AdminSettings { email: self.admin_email, password: admin_password.map(Into::into) };
        settings.smtp_url = self.smtp_url.map(Into::into);
        settings.mail_from = self.mail_from;
        settings.trusted_proxies = trusted_proxies(self.trusted_proxies.unwrap_or_default())?;
        set(&mut settings.login_throttle, self.login_throttle.as_deref(), "--login-throttle")?;
        if let Some(age) = self.audit_retention {
            let parse = || duration::parse(&age).map_err(|error| format!("--audit-retention: {error}"));
            settings.audit_retention = if age == "forever" { None } else { Some(parse()?) };
            if settings.audit_retention.is_some_and(|age| age < Duration::from_hours(24)) {
                return Err(format!("--audit-retention {age} is less than a day"));
            }
        }
        set(&mut settings.key_prefix, self.api_key_prefix.as_deref(), "--api-key-prefix")?;
        set(&mut settings.server_key_prefix, self.server_key_prefix.as_deref(), "--server-key-prefix")?;
        let algorithm = self.access_token_algorithm.as_deref();
        set(&mut settings.key_policy.access_algorithm, algorithm, "--access-token-algorithm")?;
        if let Some(file) = self.access_token_secret_file {
            let secret = read_secret(&file)?;
            if secret.len() < 32 {
                return Err(format!("the secret in {} has less than 32 characters", file.display()));
            }
            settings.key_policy.shared_secret = Some(Arc::new(secret.into_bytes().into()));
        }
        if let Some(age) = self.signing_key_rotation {
            settings.key_policy.rotate_after =
                duration::parse(&age).map_err(|error| format!("--signing-key-rotation: {error}"))?;
        }
        if let Some(lifetime) = self.refresh_token_lifetime {
            settings.refresh_token_lifetime =
                duration::parse(&lifetime).map_err(|error| format!("--refresh-token-lifetime: {error}"))?;
            if !REFRESH_TOKEN_LIFETIMES.contains(&settings.refresh_token_lifetime) {
                return Err(format!("--refresh-token-lifetime {lifetime} is not from 30m to 1825d"));
            }
        }
        settings.outbound_allow = parse_all(self.outbound_allow.unwrap_or_default(), "--outbound-allow")?;
        settings.tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsSettings { certificate, key }),
            (None, None) => None,
            _ => return Err("TLS needs both --tls-certificate and --tls-key".into()),
        };
        set(&mut settings.max_connections, self.max_connections.as_deref(), "--max-connections")?;
        Ok(settings)
    }
}

impl ServeOptions {
    fn set_functions(&self, functions: &mut PoolSettings) -> Result<(), String> {
        let limits = &mut functions.limits;
        let times = [
            ("--function-timeout", &self.function_timeout, &mut limits.wall),
            ("--function-cpu-time", &self.function_cpu_time, &mut limits.cpu),
        ];
        for (flag, text, time) in times {
            if let Some(text) = text {
                *time = duration::parse(text).map_err(|error| format!("{flag}: {error}"))?;
                if time.is_zero() || *time > MAX_WALL {
                    return Err(format!("{flag} {text} is not from 1s to 300s"));
                }
            }
        }
        let sizes = [
            ("--function-memory", &self.function_memory, 1 << 20, 8..=1024, &mut limits.memory_bytes),
            ("--function-stack", &self.function_stack, 1 << 10, 64..=4096, &mut limits.stack_bytes),
            ("--function-output", &self.function_output, 1 << 10, 1..=16 * 1024, &mut limits.output_bytes),
            ("--function-calls", &self.function_calls, 1, 1..=10_000, &mut functions.calls_per_application),
            ("--function-workers", &self.function_workers, 1, 1..=1024, &mut functions.workers),
        ];
        for (flag, text, unit, range, setting) in sizes {
            let mut number = 0;
            if text.is_some() {
                set(&mut number, text.as_deref(), flag)?;
                if !range.contains(&number) {
                    return Err(format!("{flag} {number} is not from {} to {}", range.start(), range.end()));
                }
                *setting = number * unit;
            }
        }
        set(&mut limits.call_depth, self.function_depth.as_deref(), "--function-depth")
    }
}

fn set<T>(setting: &mut T, text: Option<&str>, flag: &str) -> Result<(), String>
where
    T: FromStr<Err: std::fmt::Display>,
{
    if let Some(text) = text {
        *setting = text.parse().map_err(|error| format!("{flag} {text}: {error}"))?;
    }
    Ok(())
}

/// In the file a number may be written as one.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(i64),
    }
    Ok(Some(match TextOrNumber::deserialize(deserializer)? {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    }))
}

fn parse_all<T>(texts: Vec<String>, flag: &str) -> Result<Vec<T>, String>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let parse = |text: String| text.parse().map_err(|error| format!("{flag} {text}: {error}"));
    texts.into_iter().map(parse).collect()
}

/// A network, or one address.
fn trusted_proxies(texts: Vec<String>) -> Result<Vec<ipnet::IpNet>, String> {
    let parse = |text: String| {
        let address = || text.parse::<std::net::IpAddr>().map(Into::into);
        let message = |_| format!("--trusted-proxies {text}: a network is like 10.0.0.0/8 or 192.0.2.1");
        text.parse().or_else(|_| address()).map_err(message)
    };
    texts.into_iter().map(parse).collect()
}

fn public_url(text: Option<&str>) -> Result<Option<url::Url>, String> {
    let Some(text) = text else { return Ok(None) };
    let url = text.parse::<url::Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let plain = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    plain.map(Some).ok_or_else(|| format!("--public-url {text}: it is like https://auth.example.com"))
}

fn read_secret(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("the secret file {} cannot be read: {error}", file.display()))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// The secrets of applications. Variables that are no text cannot be secrets of ours.
pub(crate) fn secrets() -> Secrets {
    let variables = std::env::vars_os();
    Secrets::from_variables(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_speaks_only_where_nothing_else_was_said() {
        let file: ServeOptions =
            toml::from_str("listen = \"127.0.0.1:1\"\nlogin_throttle = \"5/min\"\n").unwrap();
        let said = ServeOptions { listen: Some("127.0.0.1:2".into()), ..ServeOptions::default() };
        let settings = said.or(file).into_settings().unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.login_throttle, "5/min".parse().unwrap());
    }

    #[test]
    fn unknown_names_and_bad_values_are_explained() {
        assert!(toml::from_str::<ServeOptions>("listne = \"x\"").is_err());
        for (toml, expected) in [
            ("listen = \"here\"", "--listen here"),
            ("public_url = \"example.com\"", "--public-url example.com"),
            ("login_throttle = \"lots\"", "--login-throttle lots"),
            ("refresh_token_lifetime = \"1m\"", "not from 30m to 1825d"),
            ("trusted_proxies = [\"proxy\"]", "--trusted-proxies proxy"),
            ("tls_key = \"k\"", "TLS needs both"),
            ("audit_retention = \"1h\"", "less than a day"),
            ("access_token_algorithm = \"none\"", "EdDSA or HS256"),
        ] {
            let options: ServeOptions = toml::from_str(toml).unwrap();
            let error = options.into_settings().err().unwrap();
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }
}
