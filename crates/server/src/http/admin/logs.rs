//! The log of an application (protocol §7.8).

use super::AdministeredApp;
use crate::app_config::App;
use crate::clock::Timestamp;
use crate::domain::admins::GROUP_ID;
use crate::domain::app_logs::{LogEntry, LogFilter};
use crate::error::Error;
use crate::http::extract::Parameters;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use keystead_protocol::error::ErrorCode;
use keystead_protocol::id::{AppId, DomainId, ObjectId, RequestId, UserId};
use keystead_protocol::provider::ProviderType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

const MAX_PAGE: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct LogsQuery {
    co_id: Option<RequestId>,
    /// Whatever it says, that it is there counts.
    errors_only: Option<String>,
    user_id: Option<UserId>,
    start_date: Option<String>,
    end_date: Option<String>,
    #[serde(default)]
    skip: usize,
    limit: Option<usize>,
    /// One, or several with commas in between.
    r#type: Option<String>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    Parameters(query): Parameters<LogsQuery>,
) -> Result<Json<Page>, Error> {
    let types = query.r#type.iter().flat_map(|types| types.split(',')).filter(|name| !name.is_empty());
    let filter = LogFilter {
        co_id: query.co_id,
        errors_only: query.errors_only.is_some(),
        user_id: query.user_id,
        start: query.start_date.as_deref().map(read_date).transpose()?,
        end: query.end_date.as_deref().map(read_date).transpose()?,
        types: types.map(str::to_owned).collect(),
        skip: query.skip,
        limit: query.limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE),
    };
    let page = state.app_logs.list(app.ids.app_id, &filter);
    let (end, skip) = page.next.unzip();
    Ok(Json(Page {
        logs: page.entries.iter().map(|entry| shown(&app, entry)).collect(),
        next_end_date: end.map(date),
        next_skip: skip,
    }))
}

/// RFC 3339, with a fraction of a second and any offset.
fn read_date(text: &str) -> Result<Timestamp, Error> {
    // In a query a plus sign stands for a space.
    let date: jiff::Timestamp = text.replace(' ', "+").parse().map_err(|_| Error::InvalidQuery)?;
    Ok(Timestamp::from_unix_seconds(date.as_second()))
}

fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix_seconds()).unwrap_or_default().to_string()
}

/// Some entries, and what to ask for the next with, if there are more.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Page {
    logs: Vec<ShownEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_end_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_skip: Option<usize>,
}

/// An entry. What is not known is left out.
#[derive(Serialize, JsonSchema)]
struct ShownEntry {
    #[serde(rename = "_id")]
    id: RequestId,
    co_id: RequestId,
    #[serde(rename = "type")]
    log_type: &'static str,
    domain_id: DomainId,
    app_id: AppId,
    group_id: ObjectId,
    request_url: String,
    request_method: String,
    remote_ip_address: IpAddr,
    /// RFC 3339.
    started: String,
    /// RFC 3339.
    completed: String,
    status: u16,
    messages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_event: Option<AuthEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_arguments: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct AuthEvent {
    #[serde(rename = "type")]
    kind: &'static str,
    provider: ProviderType,
    failed: bool,
}

fn shown(app: &App, entry: &LogEntry) -> ShownEntry {
    let failed = entry.error.is_some();
    ShownEntry {
        id: entry.co_id,
        co_id: entry.co_id,
        log_type: entry.log_type.as_str(),
        domain_id: app.ids.domain_id,
        app_id: app.ids.app_id,
        group_id: GROUP_ID,
        request_url: entry.url.clone(),
        request_method: entry.method.clone(),
        remote_ip_address: entry.address,
        started: date(entry.started),
        completed: date(entry.completed),
        status: entry.status,
        messages: entry.messages.clone(),
        error: entry.error.clone(),
        error_code: entry.error_code,
        user_id: entry.user_id,
        auth_event: entry.provider.map(|provider| AuthEvent { kind: "login", provider, failed }),
        function_name: entry.function.clone(),
        function_arguments: entry.arguments.clone(),
        user_agent: entry.user_agent.clone(),
    }
}
