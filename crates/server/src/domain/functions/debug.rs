//! Functions as an administrator tries them (protocol §7.7): as the system or as a user, with what they wrote to
//! the console. Neither that a function is private nor its rule matters here.

use super::{failed, user_document};
use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::Action;
use keystead_functions::{Call, CallContext, Failure, LogLevel, LogLine, Program};
use keystead_protocol::id::UserId;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As whom a function is tried.
#[derive(Debug, Clone, Copy)]
pub enum DebugUser {
    /// As the system.
    System,
    /// As this user.
    User(UserId),
}

/// What came of it.
#[derive(Debug)]
pub struct Debugged {
    /// The result, or the message of the error.
    pub outcome: Result<Value, String>,
    /// What was written to the console, but for errors.
    pub logs: Vec<String>,
    /// The errors that were written to the console.
    pub error_logs: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Calls a function of the application.
///
/// # Errors
/// There is no such function or user, or nothing can be run now. That the function fails is no error.
pub async fn execute(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    name: String,
    arguments: Vec<Value>,
    user: DebugUser,
) -> Result<Debugged, Error> {
    if app.config.functions.get(&name).is_none() {
        return Err(Error::FunctionNotFound(name));
    }
    run(state, app, by, Arc::clone(&app.program), name, arguments, user).await
}

/// Runs a source beside the functions of the application. `eval_source` is an expression, in which `exports` is
/// what the source exports; without one, that is called.
///
/// # Errors
/// As for [`execute`].
pub async fn execute_source(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    source: &str,
    eval_source: Option<&str>,
    user: DebugUser,
) -> Result<Debugged, Error> {
    // No function of an application can have this name.
    const NAME: &str = "(source)";
    let expression = eval_source.map(str::trim).filter(|expression| !expression.is_empty());
    let expression = expression.unwrap_or("exports()");
    let source = format!(
        "{source}\n;{{ const exported = exports; exports = () => ((exports) => ({expression}\n))(exported); }}"
    );
    let program = Arc::new(app.program_with(NAME, source));
    run(state, app, by, program, NAME.to_owned(), Vec::new(), user).await
}

async fn run(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    program: Arc<Program>,
    function: String,
    arguments: Vec<Value>,
    user: DebugUser,
) -> Result<Debugged, Error> {
    let user_document = match user {
        DebugUser::System => None,
        DebugUser::User(user_id) => Some(user_document(state, app, user_id).await?),
    };
    let event = audit::by_admin(state, by, Some(app), Action::FunctionDebugged).about(&function);
    state.store.record_audit_events(vec![event]).await?;
    let request =
        json!({ "remoteIPAddress": by.address.to_string(), "httpUserAgent": "", "requestHeaders": {} });
    let context =
        CallContext { running_as_system: matches!(user, DebugUser::System), user: user_document, request };
    let began = Instant::now();
    let call = Call { program, function: function.clone(), arguments, context };
    let (outcome, lines) = match state.functions.run(call, &state.function_host).await {
        Ok(outcome) => (Ok(outcome.value), outcome.logs),
        Err(Failure::Threw { message, logs }) => (Err(message), logs),
        Err(failure) => match failed(app, &function, failure) {
            Error::FunctionFailed(message) => (Err(message), Vec::new()),
            Error::FunctionTimeLimit => (Err("execution time limit exceeded".into()), Vec::new()),
            other => return Err(other),
        },
    };
    let elapsed = began.elapsed();
    let (errors, logs): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.level == LogLevel::Error);
    let texts = |lines: Vec<LogLine>| lines.into_iter().map(|line| line.text).collect();
    Ok(Debugged { outcome, logs: texts(logs), error_logs: texts(errors), elapsed })
}
