//! How a [`Verifier`] is described: which application, where its keys are, how strict to be.

use crate::keys::{Clock, Keys};
use crate::token::Rules;
use crate::verifier::Verifier;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const DEFAULT_BASE_URL: &str = "http://localhost:9090";
const DEFAULT_LEEWAY: Duration = Duration::from_mins(1);
const DEFAULT_MIN_FETCH_INTERVAL: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Describes a [`Verifier`]; made by [`Verifier::builder`].
#[must_use = "a verifier is made by `build`"]
pub struct VerifierBuilder {
    base_url: String,
    rules: Rules,
    min_fetch_interval: Duration,
    http: Option<reqwest::Client>,
    clock: Clock,
}

/// Why a [`Verifier`] cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The base URL is none that requests can be sent to.
    #[error("{0:?} is not a URL such as https://auth.example.com")]
    BaseUrl(String),
    /// The application id is none.
    #[error("{0:?} is not a client app id such as my-app-abcde")]
    AppId(String),
    /// This build speaks no TLS.
    #[cfg(not(feature = "tls"))]
    #[error("{0} needs TLS: enable the feature `tls` of keystead-verify")]
    NoTls(String),
    /// The operating system's certificates cannot be used.
    #[cfg(feature = "tls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
}

impl VerifierBuilder {
    pub(crate) fn new(app_id: String) -> Self {
        let leeway_seconds = seconds(DEFAULT_LEEWAY);
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            rules: Rules { app_id, audience: None, domain_id: None, leeway_seconds },
            min_fetch_interval: DEFAULT_MIN_FETCH_INTERVAL,
            http: None,
            clock: Arc::new(unix_seconds),
        }
    }

    /// Where Keystead is. Default: `http://localhost:9090`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How far the clocks of Keystead and of this machine may differ. Default: 60 seconds.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway_seconds = seconds(leeway);
        self
    }

    /// Lets only tokens pass whose `aud` includes this. Keystead puts no `aud` into its tokens today, so
    /// this refuses all of them until it does. Without it, a token that has an `aud` must name the client
    /// app id there.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.rules.audience = Some(audience.into());
        self
    }

    /// Lets only tokens pass whose `baas_domain_id` is this. Not needed to tell applications apart, because
    /// each has keys of its own.
    pub fn domain_id(mut self, domain_id: impl Into<String>) -> Self {
        self.rules.domain_id = Some(domain_id.into());
        self
    }

    /// However many tokens name unknown keys, so much time passes between two fetches. A token that is
    /// signed with a new key less than this after a fetch is refused until then. Default: 10 seconds.
    pub fn min_fetch_interval(mut self, interval: Duration) -> Self {
        self.min_fetch_interval = interval;
        self
    }

    /// Fetches keys with this HTTP client, such as one with a certificate authority of your own. Its
    /// timeouts hold.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Takes the time from here, in seconds since 1970: for tests of what expires.
    pub fn clock(mut self, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the verifier. Fetches nothing yet.
    ///
    /// # Errors
    /// The URL or the id is unusable, or the HTTP client cannot be made.
    pub fn build(self) -> Result<Verifier, BuildError> {
        let url = key_url(&self.base_url, &self.rules.app_id)?;
        need_tls(&url, self.http.is_some())?;
        let http = match self.http {
            Some(http) => http,
            None => http_client()?,
        };
        let keys = Keys::new(url, http, self.clock, seconds(self.min_fetch_interval));
        Ok(Verifier { keys: Arc::new(keys), rules: Arc::new(self.rules) })
    }
}

fn key_url(base_url: &str, app_id: &str) -> Result<Url, BuildError> {
    // An id is one segment of the path, whoever chose it.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if app_id.is_empty() || !app_id.bytes().all(plain) {
        return Err(BuildError::AppId(app_id.to_owned()));
    }
    let is_web = |url: &Url| url.has_host() && ["http", "https"].contains(&url.scheme());
    let bad = || BuildError::BaseUrl(base_url.to_owned());
    let base = Url::parse(base_url).ok().filter(is_web).ok_or_else(bad)?;
    let path =
        format!("{}/api/client/v2.0/app/{app_id}/.well-known/jwks.json", base.path().trim_end_matches('/'));
    base.join(&path).map_err(|_| bad())
}

#[cfg(feature = "tls")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn need_tls(_: &Url, _: bool) -> Result<(), BuildError> {
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn need_tls(url: &Url, own_http: bool) -> Result<(), BuildError> {
    if url.scheme() == "http" || own_http { Ok(()) } else { Err(BuildError::NoTls(url.to_string())) }
}

/// Follows no redirects: keys come from where the program said, and from nowhere else.
fn http_client() -> Result<reqwest::Client, BuildError> {
    let http = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("keystead-verify/", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "tls")]
    let http = http.tls_backend_preconfigured(tls_config()?);
    Ok(http.build()?)
}

/// The provider is named here instead of being installed for the whole process: that is the program's
/// to decide, not a library's.
#[cfg(feature = "tls")]
fn tls_config() -> Result<rustls::ClientConfig, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    Ok(builder.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else must ask")]
fn unix_seconds() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_where_the_server_publishes_them() {
        let url = key_url("https://auth.example.com/keystead/", "my-app-abcde").unwrap();
        let expected = "/keystead/api/client/v2.0/app/my-app-abcde/.well-known/jwks.json";
        assert_eq!(url.path(), expected);
    }

    #[test]
    fn urls_and_ids_that_are_none_are_said_at_once() {
        for url in ["", "auth.example.com", "ftp://auth.example.com", "http://"] {
            assert!(matches!(key_url(url, "my-app"), Err(BuildError::BaseUrl(_))), "{url}");
        }
        for id in ["", "a/../b", "a b", "a?"] {
            assert!(matches!(key_url("http://localhost", id), Err(BuildError::AppId(_))), "{id}");
        }
    }
}
