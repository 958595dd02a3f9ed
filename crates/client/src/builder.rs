//! How an [`App`] is described: where its server is, where sessions are kept, how requests travel.

use crate::app::App;
use crate::native::Native;
use crate::storage::{MemoryStorage, Storage};
use keystead_client_core::{Client, Configuration, DEFAULT_BASE_URL};
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Describes an [`App`]; made by [`App::builder`].
#[must_use = "an application is made by `build`"]
pub struct AppBuilder {
    app_id: String,
    base_url: String,
    skip_location_request: bool,
    storage: Box<dyn Storage>,
    timeout: Duration,
    http: Option<reqwest::Client>,
}

/// Why an [`App`] cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The base URL is none that requests can be sent to.
    #[error("{0:?} is not a URL such as https://auth.example.com")]
    BaseUrl(String),
    /// This build speaks no TLS.
    #[cfg(not(feature = "tls"))]
    #[error("{0} needs TLS: enable the feature `tls` of keystead-client")]
    NoTls(String),
    /// The operating system's certificates cannot be used.
    #[cfg(feature = "tls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
}

impl AppBuilder {
    pub(crate) fn new(app_id: String) -> Self {
        Self {
            app_id,
            base_url: DEFAULT_BASE_URL.to_owned(),
            skip_location_request: false,
            storage: Box::new(MemoryStorage::new()),
            timeout: DEFAULT_TIMEOUT,
            http: None,
        }
    }

    /// Where the server is. Default: `http://localhost:9090`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Where sessions are kept. Default: [`MemoryStorage`], which forgets them when the program ends.
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.storage = Box::new(storage);
        self
    }

    /// How long a request may take, answer included. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends every request to the base URL, without first asking the server for the URL it is known by
    /// (protocol §1.1). For programs that reach the server another way than its public URL.
    pub fn skip_location_request(mut self) -> Self {
        self.skip_location_request = true;
        self
    }

    /// Sends requests with this HTTP client, such as one with a certificate authority of your own or a
    /// proxy. Its timeouts and its redirect policy hold: let it follow none
    /// (`redirect::Policy::none()`).
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Makes the application, with the users that the storage has kept. Sends nothing.
    ///
    /// # Errors
    /// The base URL is unusable, or the HTTP client cannot be made.
    pub fn build(self) -> Result<App, BuildError> {
        check(&self.base_url, self.http.is_some())?;
        let http = match self.http {
            Some(http) => http,
            None => http_client(self.timeout)?,
        };
        let configuration = Configuration {
            app_id: self.app_id,
            base_url: self.base_url,
            skip_location_request: self.skip_location_request,
        };
        Ok(App(Client::new(configuration, Native { http, storage: self.storage })))
    }
}

fn check(base_url: &str, own_http: bool) -> Result<(), BuildError> {
    let url = Url::parse(base_url).ok().filter(Url::has_host);
    match url.as_ref().map(Url::scheme) {
        Some("http") => Ok(()),
        Some("https") => need_tls(base_url, own_http),
        _ => Err(BuildError::BaseUrl(base_url.to_owned())),
    }
}

#[cfg(feature = "tls")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn need_tls(_: &str, _: bool) -> Result<(), BuildError> {
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn need_tls(base_url: &str, own_http: bool) -> Result<(), BuildError> {
    if own_http { Ok(()) } else { Err(BuildError::NoTls(base_url.to_owned())) }
}

/// Follows no redirects: a token goes where the program said, and nowhere else.
fn http_client(timeout: Duration) -> Result<reqwest::Client, BuildError> {
    let http = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("keystead-client/", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "tls")]
    let http = http.tls_backend_preconfigured(tls_config()?);
    Ok(http.build()?)
}

/// The provider is named here instead of being installed for the whole process: that is the program's
/// to decide, not a library's.
#[cfg(feature = "tls")]
fn tls_config() -> Result<rustls::ClientConfig, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    Ok(builder.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth())
}
