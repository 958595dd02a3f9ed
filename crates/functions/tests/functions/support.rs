//! A pool, programs in one line, and the ways to call them.

use async_trait::async_trait;
use keystead_functions::{
    Call, CallContext, Failure, FunctionSource, Host, HttpRequest, HttpResponse, Limits, Outcome, Pool,
    PoolSettings, Program, ProgramParts, WorkerCommand,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Limits that no honest function of these tests comes near, also on a busy machine.
pub(crate) fn patient() -> Limits {
    Limits { wall: Duration::from_mins(1), cpu: Duration::from_secs(30), ..Limits::default() }
}

pub(crate) fn settings(limits: Limits) -> PoolSettings {
    PoolSettings {
        worker: WorkerCommand {
            program: env!("CARGO_BIN_EXE_keystead-function-worker").into(),
            arguments: Vec::new(),
        },
        workers: 2,
        calls_per_application: 8,
        limits,
    }
}

pub(crate) fn pool(limits: Limits) -> Pool {
    Pool::new(settings(limits))
}

/// A program of these functions.
pub(crate) fn parts(functions: &[(&str, &str)]) -> ProgramParts {
    let function = |(name, source): &(&str, &str)| {
        ((*name).to_owned(), FunctionSource { source: (*source).to_owned(), run_as_system: false })
    };
    ProgramParts {
        application: "application".into(),
        app: json!({ "id": "1", "clientAppId": "app-abcde", "name": "app" }),
        environment: json!({ "tag": "testing", "values": { "region": "here" } }),
        values: [("greeting".to_owned(), json!({ "text": "hello" }))].into(),
        functions: functions.iter().map(function).collect(),
    }
}

pub(crate) fn program(source: &str) -> Arc<Program> {
    Arc::new(Program::new(parts(&[("f", source)])))
}

pub(crate) fn call(program: &Arc<Program>, arguments: Vec<Value>) -> Call {
    Call {
        program: Arc::clone(program),
        function: "f".into(),
        arguments,
        context: CallContext {
            user: Some(json!({
                "id": "u1",
                "type": "normal",
                "identities": [{ "id": "i1", "provider_type": "anon-user" }],
            })),
            request: json!({ "remoteIPAddress": "192.0.2.1", "httpMethod": "POST" }),
            running_as_system: false,
        },
    }
}

/// No network.
pub(crate) struct Alone;

#[async_trait]
impl Host for Alone {
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        Err(format!("no way to {}", request.url))
    }
}

pub(crate) fn alone() -> Arc<dyn Host> {
    Arc::new(Alone)
}

pub(crate) async fn outcome(pool: &Pool, source: &str, arguments: Vec<Value>) -> Result<Outcome, Failure> {
    pool.run(call(&program(source), arguments), &alone()).await
}

/// What a function returns.
pub(crate) async fn value(pool: &Pool, source: &str, arguments: Vec<Value>) -> Value {
    outcome(pool, source, arguments).await.unwrap().value
}

/// What a function throws.
pub(crate) async fn thrown(pool: &Pool, source: &str) -> String {
    match outcome(pool, source, vec![]).await {
        Err(Failure::Threw { message, .. }) => message,
        other => panic!("{source}: {other:?}"),
    }
}
