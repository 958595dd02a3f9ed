//! An application's functions: who may call which, as whom, and what becomes of the outcome (protocol §9).
//! How code is run and confined is the business of the crate `keystead-functions`.

pub mod debug;
pub mod events;
mod rules;

use crate::app_config::App;
use crate::domain::sessions::Session;
use crate::domain::{request_notes, users};
use crate::error::Error;
use crate::state::{Client, ServerState};
use keystead_functions::{Call, CallContext, Failure, LogLevel, LogLine};
use keystead_protocol::id::UserId;
use keystead_protocol::user::Identity;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// More calls in one rule are a mistake.
const MAX_CALLS_OF_A_RULE: usize = 8;

/// What a client wants to be called.
#[derive(Debug)]
pub struct FunctionCall {
    /// Which function.
    pub name: String,
    /// With what, as extended JSON.
    pub arguments: Vec<Value>,
}

/// Calls a function for the user of a session. `request` is what the function sees of the request.
///
/// # Errors
/// There is no such function, the user may not call it, or it failed.
pub async fn call(
    state: &ServerState,
    session: &Session,
    FunctionCall { name, arguments }: FunctionCall,
    request: Value,
) -> Result<Value, Error> {
    let app = &session.app;
    request_notes::function(&name, None);
    let Some(function) = app.config.functions.get(&name) else { return Err(Error::FunctionNotFound(name)) };
    if function.private {
        return Err(Error::FunctionPrivate(name));
    }
    let caller = caller(state, session).await?;
    if !may_call(state, app, &function.can_evaluate, &caller, &request).await? {
        return Err(Error::RuleNotMatched(name));
    }
    request_notes::function(&name, (!function.disable_arg_logs).then_some(&arguments));
    if !function.disable_arg_logs {
        tracing::debug!(
            app.id = app.config.client_app_id,
            function = name,
            ?arguments,
            "a function is called"
        );
    }
    let user = match acting_user(state, app, &name, &caller, &request).await? {
        Some(user_id) => user_document(state, app, user_id).await?,
        None => caller,
    };
    let context = CallContext { user: Some(user), request, running_as_system: false };
    run(state, app, &name, arguments, context).await
}

/// Runs a function as the system, as providers do: whether it is private makes no difference.
async fn run_as_system(
    state: &ServerState,
    app: &App,
    name: &str,
    arguments: Vec<Value>,
    client: &Client<'_>,
) -> Result<Value, Error> {
    let context = CallContext { user: None, request: request_of(client), running_as_system: true };
    run(state, app, name, arguments, context).await
}

async fn run(
    state: &ServerState,
    app: &App,
    name: &str,
    arguments: Vec<Value>,
    context: CallContext,
) -> Result<Value, Error> {
    let call = Call { program: app.program.clone(), function: name.to_owned(), arguments, context };
    match state.functions.run(call, &state.function_host).await {
        Ok(outcome) => {
            write_logs(app, name, &outcome.logs);
            Ok(outcome.value)
        }
        Err(failure) => Err(failed(app, name, failure)),
    }
}

fn failed(app: &App, name: &str, failure: Failure) -> Error {
    match failure {
        Failure::NotFound(name) => Error::FunctionNotFound(name),
        Failure::Threw { message, logs } => {
            write_logs(app, name, &logs);
            Error::FunctionFailed(message)
        }
        Failure::TimeLimit => Error::FunctionTimeLimit,
        Failure::Busy => Error::Busy(Duration::from_secs(1)),
        Failure::WorkerUnavailable(reason) => Error::Internal(reason),
        limit @ (Failure::MemoryLimit | Failure::OutputTooLarge | Failure::Crashed) => {
            Error::FunctionFailed(limit.to_string())
        }
    }
}

/// What a function writes to its console goes to the log, at its own level.
fn write_logs(app: &App, function: &str, logs: &[LogLine]) {
    request_notes::console(logs);
    let app = &app.config.client_app_id;
    for LogLine { level, text } in logs {
        match level {
            LogLevel::Debug => tracing::debug!(app.id = app, function, text, "console"),
            LogLevel::Info => tracing::info!(app.id = app, function, text, "console"),
            LogLevel::Warn => tracing::warn!(app.id = app, function, text, "console"),
            LogLevel::Error => tracing::error!(app.id = app, function, text, "console"),
        }
    }
}

/// Whether the rule lets this user call (protocol §9, `can_evaluate`). A rule with a mistake lets nobody.
async fn may_call(
    state: &ServerState,
    app: &App,
    rule: &Value,
    user: &Value,
    request: &Value,
) -> Result<bool, Error> {
    let environment = app.environment();
    let public = app.config.values.iter().filter(|(_, value)| !value.private && !value.from_secret);
    let values = Value::Object(public.map(|(name, value)| (name.clone(), value.value.clone())).collect());
    let scope = rules::Scope { user, request, values: &values, environment: &environment };
    let mut rule = rule.clone();
    let mut calls = 0;
    let allowed = loop {
        let Some(place) = rules::next_call(&rule) else { break rules::allows(&rule, &scope) };
        calls += 1;
        let Some(asked) = rule.pointer_mut(&place).filter(|_| calls <= MAX_CALLS_OF_A_RULE) else {
            break Err(format!("a rule may call {MAX_CALLS_OF_A_RULE} functions"));
        };
        let call = &asked["%function"];
        let (name, arguments) =
            (call["name"].as_str().unwrap_or_default(), scope.arguments(&call["arguments"]));
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(mistake) => break Err(mistake),
        };
        let context =
            CallContext { user: Some(user.clone()), request: request.clone(), running_as_system: false };
        let answer = run(state, app, name, arguments, context).await?;
        *asked = json!({ (rules::LITERAL): answer });
    };
    Ok(allowed.unwrap_or_else(|mistake| {
        tracing::error!(app.id = app.config.client_app_id, mistake, "a rule refuses everybody");
        false
    }))
}

/// The user as whom the function runs, if it is another than the caller.
async fn acting_user(
    state: &ServerState,
    app: &App,
    name: &str,
    caller: &Value,
    request: &Value,
) -> Result<Option<UserId>, Error> {
    let Some(function) = app.config.functions.get(name).filter(|function| !function.run_as_system) else {
        return Ok(None);
    };
    let id = match (&function.run_as_user_id, &function.run_as_user_id_script_source) {
        (Some(id), _) => id.clone(),
        (None, Some(_)) => {
            let context =
                CallContext { user: Some(caller.clone()), request: request.clone(), running_as_system: true };
            let answer = run(state, app, &App::run_as_script(name), Vec::new(), context).await?;
            answer.as_str().unwrap_or_default().to_owned()
        }
        (None, None) => return Ok(None),
    };
    let no_user =
        |_| Error::FunctionFailed(format!("the function is to run as user '{id}', who does not exist"));
    id.parse().map(Some).map_err(no_user)
}

/// `context.user` of whoever a session is of.
async fn caller(state: &ServerState, session: &Session) -> Result<Value, Error> {
    let profile = users::profile(state, session).await?;
    // A session that was opened with an API key is a service's (protocol §9).
    let user_type = if session.grounds.api_key.is_some() { "server" } else { profile.user_type.as_str() };
    Ok(document(&profile.user_id.to_string(), user_type, &profile.data, &profile.identities))
}

/// `context.user` of another user of the application.
async fn user_document(state: &ServerState, app: &App, user_id: UserId) -> Result<Value, Error> {
    let user = users::describe(state, app, user_id).await.map_err(|error| match error {
        Error::UserNotFound => {
            Error::FunctionFailed(format!("the function is to run as user '{user_id}', who does not exist"))
        }
        other => other,
    })?;
    let data = users::merged_data(&user.identities);
    Ok(document(&user_id.to_string(), user.record.user_type.as_str(), &data, &user.identities))
}

fn document(id: &str, user_type: &str, data: &Map<String, Value>, identities: &[Identity]) -> Value {
    let identity = |identity: &Identity| {
        json!({
            "id": identity.id,
            "provider_type": identity.provider_type.as_str(),
            "provider_id": identity.provider_id.to_string(),
            "data": identity.provider_data,
        })
    };
    let identities: Vec<Value> = identities.iter().map(identity).collect();
    json!({ "id": id, "type": user_type, "data": data, "custom_data": {}, "identities": identities })
}

/// What a function sees of a request when it was not called by it, but on the way.
fn request_of(client: &Client<'_>) -> Value {
    json!({
        "remoteIPAddress": client.address.to_string(),
        "httpUserAgent": client.user_agent.unwrap_or_default(),
        "requestHeaders": {},
    })
}
