//! What the server counts, in Prometheus' terms. No label ever names a user, a key or an address.

use crate::error::Error;
use keystead_protocol::provider::ProviderType;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;

/// All metrics of a server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, DurationBuckets>,
    logins: Family<LoginLabels, Counter>,
    /// Of `logins` the one that is counted most, at hand once it was.
    key_logins: OnceLock<Counter>,
    /// Connections that are open.
    pub connections: Gauge<i64, AtomicI64>,
    /// Mails that a mail server took.
    pub mails_sent: Counter,
    /// Attempts that failed.
    pub mails_failed: Counter,
    /// Expired rows that were deleted.
    pub rows_swept: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    provider: &'static str,
    outcome: &'static str,
}

#[derive(Clone)]
struct DurationBuckets;

impl MetricConstructor<Histogram> for DurationBuckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
    }
}

/// The metrics of one route, held ready so that a request looks nothing up.
pub struct RouteMetrics {
    /// The route's path, with its parameters' names.
    pub route: &'static str,
    by_status: [Counter; 4],
    duration: Histogram,
}

impl RouteMetrics {
    /// Counts an answered request.
    pub fn answered(&self, status: u16, seconds: f64) {
        let class = usize::from(status / 100).clamp(2, 5) - 2;
        self.by_status[class].inc();
        self.duration.observe(seconds);
    }
}

impl Metrics {
    /// All zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("keystead");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        let requests = Family::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let durations = Family::new_with_constructor(DurationBuckets);
        let help = "From a request's head to its answer's head";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations.clone());
        let logins = Family::default();
        registry.register("logins", "Logins and links, by how they ended", logins.clone());
        let connections = Gauge::default();
        registry.register("http_connections", "Connections that are open", connections.clone());
        let mails_sent = Counter::default();
        registry.register("mails_sent", "Mails that the mail server took", mails_sent.clone());
        let mails_failed = Counter::default();
        registry.register("mail_attempts_failed", "Attempts to send that failed", mails_failed.clone());
        let rows_swept = Counter::default();
        registry.register("rows_swept", "Expired rows that were deleted", rows_swept.clone());
        Self {
            registry,
            requests,
            durations,
            logins,
            key_logins: OnceLock::new(),
            connections,
            mails_sent,
            mails_failed,
            rows_swept,
        }
    }

    /// The metrics of a route.
    pub fn route(&self, route: &'static str) -> RouteMetrics {
        let counter = |status| self.requests.get_or_create(&RequestLabels { route, status }).clone();
        RouteMetrics {
            route,
            by_status: ["2xx", "3xx", "4xx", "5xx"].map(counter),
            duration: self.durations.get_or_create(&RouteLabels { route }).clone(),
        }
    }

    /// Counts how a login ended.
    pub fn login_ended<T>(&self, provider: ProviderType, result: &Result<T, Error>) {
        let outcome = match result {
            Ok(_) => "success",
            Err(Error::Throttled(_)) => "throttled",
            Err(Error::UserDisabled) => "user_disabled",
            Err(Error::NotConfirmed) => "not_confirmed",
            Err(Error::ProviderUnavailable(_)) => "provider_unavailable",
            Err(Error::Store(_) | Error::Internal(_) | Error::Crypto(_) | Error::Busy(_)) => "failed",
            Err(_) => "refused",
        };
        let counter =
            || self.logins.get_or_create(&LoginLabels { provider: provider.as_str(), outcome }).clone();
        match (provider, result) {
            (ProviderType::ApiKey, Ok(_)) => self.key_logins.get_or_init(counter).inc(),
            _ => counter().inc(),
        };
    }

    /// The `OpenMetrics` text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
