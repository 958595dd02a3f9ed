//! Which requests are told to the administrators of an application, and what of them: never a body, a query
//! or a part of a path that might be a secret in the wrong place.

use super::error::told;
use crate::app_config::App;
use crate::clock::Timestamp;
use crate::domain::app_logs::{LogEntry, LogType};
use crate::domain::request_notes::RequestNotes;
use crate::error::Error;
use axum::http::{Method, StatusCode};
use keystead_protocol::error::ErrorCode;
use keystead_protocol::id::{ObjectId, RequestId};
use keystead_protocol::provider::ProviderType;
use std::net::IpAddr;

const MAX_AGENT_LENGTH: usize = 200;
const MAX_ERROR_LENGTH: usize = 2_000;
const SESSION: &str = "/api/client/v2.0/auth/session";

/// How a request ended.
pub(super) struct Outcome<'e> {
    pub(super) status: StatusCode,
    pub(super) error: Option<&'e Error>,
}

/// What fails is kept, and what changes something. Logins with keys and renewed sessions are not: they are
/// most of all requests, and counted in the metrics. Neither are those who have to wait because they failed
/// too often: they must not push everything else out.
pub(super) fn is_kept(method: &Method, route: &str, notes: &RequestNotes, outcome: &Outcome<'_>) -> bool {
    if let Some(error) = outcome.error {
        return !matches!(error, Error::Throttled(_));
    }
    match log_type(route) {
        LogType::Function => true,
        _ if *method == Method::GET || *method == Method::HEAD || *method == Method::OPTIONS => false,
        LogType::Auth if route == SESSION => *method == Method::DELETE,
        LogType::Auth => notes.provider != Some(ProviderType::ApiKey),
        // It is asked with POST, and changes nothing.
        _ => !route.ends_with("/users/verify_token"),
    }
}

fn log_type(route: &str) -> LogType {
    let Some(rest) = route.strip_prefix("/api/client/v2.0/") else { return LogType::Api };
    if rest.starts_with("auth/api_keys") {
        LogType::ApiKey
    } else if rest.contains("/functions/") {
        LogType::Function
    } else if rest.contains("/push/") {
        LogType::Push
    } else if rest.contains("auth/") {
        LogType::Auth
    } else {
        LogType::Api
    }
}

/// A request, as far as it is told.
pub(super) struct Request<'r> {
    pub(super) co_id: RequestId,
    pub(super) method: &'r Method,
    pub(super) route: &'static str,
    pub(super) path: &'r str,
    pub(super) address: IpAddr,
    pub(super) user_agent: Option<&'r str>,
}

impl Request<'_> {
    /// The entry of a request that ended now.
    pub(super) fn entry(
        &self,
        app: &App,
        now: Timestamp,
        notes: RequestNotes,
        outcome: &Outcome<'_>,
    ) -> LogEntry {
        let (error_code, error) = match outcome.error {
            // Their sentences repeat a part of the path.
            Some(Error::ProviderUnavailable(name)) if name.parse::<ProviderType>().is_err() => (
                Some(ErrorCode::AuthProviderNotFound),
                Some("there is no such authentication provider".into()),
            ),
            Some(Error::ServiceNotFound(_)) => {
                (Some(ErrorCode::ServiceNotFound), Some("service not found".into()))
            }
            Some(error) => {
                let (code, sentence) = told(error);
                (code, Some(cut(&sentence, MAX_ERROR_LENGTH)))
            }
            None => (None, None),
        };
        LogEntry {
            co_id: self.co_id,
            log_type: log_type(self.route),
            method: self.method.to_string(),
            url: self.url(app),
            // The id was made when the request came.
            started: Timestamp::from_unix_seconds(self.co_id.object_id().seconds().into()),
            completed: now,
            status: outcome.status.as_u16(),
            error,
            error_code,
            user_id: notes.user_id,
            provider: notes.provider,
            function: notes.function,
            arguments: notes.arguments,
            messages: notes.messages,
            address: self.address,
            user_agent: self.user_agent.map(|agent| cut(agent, MAX_AGENT_LENGTH)),
        }
    }

    fn url(&self, app: &App) -> String {
        let harmless = |value: &str| {
            value.parse::<ObjectId>().is_ok()
                || value.parse::<ProviderType>().is_ok()
                || value == app.config.client_app_id
        };
        let segments = self.route.split('/').zip(self.path.split('/'));
        let shown = segments.map(
            |(pattern, value)| {
                if !pattern.starts_with('{') || harmless(value) { value } else { pattern }
            },
        );
        shown.collect::<Vec<_>>().join("/")
    }
}

fn cut(text: &str, length: usize) -> String {
    text[..text.floor_char_boundary(length)].to_owned()
}
