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
use keystead_protocol::id::{RequestId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

const MAX_PAGE: usize = 100;

#[derive(Deserialize)]
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
) -> Result<Json<Value>, Error> {
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
    let mut answer = json!({"logs": page.entries.iter().map(|entry| shown(&app, entry)).collect::<Vec<_>>()});
    if let Some((end, skip)) = page.next {
        answer["nextEndDate"] = date(end).into();
        answer["nextSkip"] = skip.into();
    }
    Ok(Json(answer))
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

/// What is not known is left out.
fn shown(app: &App, entry: &LogEntry) -> Value {
    let mut shown = json!({
        "_id": entry.co_id,
        "co_id": entry.co_id,
        "type": entry.log_type.as_str(),
        "domain_id": app.ids.domain_id,
        "app_id": app.ids.app_id,
        "group_id": GROUP_ID,
        "request_url": entry.url,
        "request_method": entry.method,
        "remote_ip_address": entry.address.to_string(),
        "started": date(entry.started),
        "completed": date(entry.completed),
        "status": entry.status,
        "messages": entry.messages,
    });
    let provider = entry.provider.map(
        |provider| json!({"type": "login", "provider": provider.as_str(), "failed": entry.error.is_some()}),
    );
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let members = [
        ("error", text(&entry.error)),
        ("error_code", entry.error_code.map(|code| code.as_str().into())),
        ("user_id", entry.user_id.map(|id| id.to_string().into())),
        ("auth_event", provider),
        ("function_name", text(&entry.function)),
        ("function_arguments", text(&entry.arguments)),
        ("user_agent", text(&entry.user_agent)),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            shown[name] = value;
        }
    }
    shown
}
