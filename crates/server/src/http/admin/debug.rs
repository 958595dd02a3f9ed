//! Trying functions (protocol §7.7).

use super::AdministeredApp;
use crate::domain::functions::debug::{self, DebugUser, Debugged};
use crate::error::Error;
use crate::http::extract::{JsonBody, Parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use keystead_protocol::id::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Sources may be as long as functions.
const LIMIT: usize = 5 * 1024 * 1024;

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct AsWhom {
    user_id: Option<UserId>,
    #[serde(default)]
    run_as_system: bool,
}

impl AsWhom {
    fn user(&self) -> Result<DebugUser, Error> {
        match (self.user_id, self.run_as_system) {
            (_, true) => Ok(DebugUser::System),
            (Some(user_id), false) => Ok(DebugUser::User(user_id)),
            (None, false) => {
                Err(Error::ConfigurationInvalid("say as whom: user_id=… or run_as_system=true".into()))
            }
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct FunctionBody {
    name: String,
    #[serde(default)]
    arguments: Vec<Value>,
    service: Option<String>,
}

pub(in crate::http) async fn execute_function(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    Parameters(as_whom): Parameters<AsWhom>,
    JsonBody(body): JsonBody<FunctionBody, LIMIT>,
) -> Result<Json<Shown>, Error> {
    if let Some(service) = body.service.filter(|service| !service.is_empty()) {
        return Err(Error::ServiceNotFound(service));
    }
    let user = as_whom.user()?;
    let debugged = debug::execute(&state, &app, &by, body.name, body.arguments, user).await?;
    Ok(Json(shown(debugged)))
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct SourceBody {
    source: String,
    eval_source: Option<String>,
}

pub(in crate::http) async fn execute_source(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    Parameters(as_whom): Parameters<AsWhom>,
    JsonBody(body): JsonBody<SourceBody, LIMIT>,
) -> Result<Json<Shown>, Error> {
    let (user, eval) = (as_whom.user()?, body.eval_source.as_deref());
    let debugged = debug::execute_source(&state, &app, &by, &body.source, eval, user).await?;
    Ok(Json(shown(debugged)))
}

/// What came of a trial.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Shown {
    /// As extended JSON.
    result: Value,
    logs: Vec<String>,
    error_logs: Vec<String>,
    stats: Stats,
    /// There only if there was one, because clients take it for a failure (protocol §0.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Stats {
    /// Such as `1.5ms`.
    execution_time: String,
}

fn shown(Debugged { outcome, logs, error_logs, elapsed }: Debugged) -> Shown {
    let (result, error) = match outcome {
        Ok(result) => (result, None),
        Err(message) => (Value::Null, Some(message)),
    };
    Shown { result, logs, error_logs, stats: Stats { execution_time: format!("{elapsed:?}") }, error }
}
