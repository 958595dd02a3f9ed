//! What App Services gives to functions.

use crate::support::{alone, call, outcome, parts, patient, pool, thrown, value};
use async_trait::async_trait;
use keystead_functions::{
    Failure, FunctionSource, Host, HttpRequest, HttpResponse, Limits, LogLevel, Pool, Program,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn int(number: i32) -> Value {
    json!({ "$numberInt": number.to_string() })
}

/// What the first of these functions returns.
async fn first(pool: &Pool, functions: &[(&str, &str)]) -> Result<Value, Failure> {
    let mut call = call(&Arc::new(Program::new(parts(functions))), vec![]);
    call.function = functions[0].0.into();
    Ok(pool.run(call, &alone()).await?.value)
}

#[tokio::test]
async fn functions_are_exported_in_every_form() {
    let pool = pool(patient());
    for source in [
        "exports = function () { return 1 }",
        "exports = async function () { return 1 }",
        "exports = () => 1",
        "exports = async () => 1",
        "exports = () => new Promise(resolve => resolve(1))",
        "exports = () => ({ then: (resolve) => resolve(1) })",
        "module.exports = () => 1",
        "'use strict'; const one = 1; exports = () => one // the last line is a comment",
    ] {
        assert_eq!(value(&pool, source, vec![]).await, int(1), "{source}");
    }
}

#[tokio::test]
async fn the_context_tells_who_calls_and_what_there_is() {
    let pool = pool(patient());
    let seen = value(
        &pool,
        "exports = () => [context.user.id, context.user.identities[0].provider_type,
            context.user.identities[0].providerType, context.app.clientAppId, context.environment.tag,
            context.environment.values.region, context.values.get('greeting').text, context.values.get('none'),
            context.request.remoteIPAddress, context.runningAsSystem()]",
        vec![],
    )
    .await;
    let none = json!({ "$undefined": true });
    assert_eq!(
        seen,
        json!([
            "u1",
            "anon-user",
            "anon-user",
            "app-abcde",
            "testing",
            "here",
            "hello",
            none,
            "192.0.2.1",
            false
        ])
    );
}

#[tokio::test]
async fn a_system_user_and_a_system_function_are_told_so() {
    let pool = pool(patient());
    let mut parts = parts(&[(
        "f",
        "exports = () => [context.user.type, context.user.id, context.runningAsSystem(), context.functions.execute('system')]",
    )]);
    let system = "exports = () => context.runningAsSystem()".into();
    parts.functions.insert("system".into(), FunctionSource { source: system, run_as_system: true });
    let program = Arc::new(Program::new(parts));
    let mut call = call(&program, vec![]);
    call.context.user = None;
    let seen = pool.run(call, &alone()).await.unwrap().value;
    assert_eq!(seen, json!(["system", { "$undefined": true }, false, true]));
}

#[tokio::test]
async fn functions_execute_each_other_down_to_a_depth() {
    let pool = pool(Limits { call_depth: 3, ..patient() });
    let add = ("math/add", "exports = (a, b) => a + b");
    let sum =
        first(&pool, &[("f", "exports = () => context.functions.execute('math/add', 1, 2)"), add]).await;
    assert_eq!(sum, Ok(int(3)));
    let waiting = first(
        &pool,
        &[
            ("f", "exports = async () => await context.functions.execute('g')"),
            ("g", "exports = async () => 4"),
        ],
    )
    .await;
    assert_eq!(waiting, Ok(int(4)));
    for endless in [
        "exports = () => context.functions.execute('f')",
        "exports = async () => { await null; return context.functions.execute('f'); }",
    ] {
        assert_eq!(thrown(&pool, endless).await, "Error: functions executed each other more than 3 deep");
    }
    let missing = thrown(&pool, "exports = () => context.functions.execute('none')").await;
    assert_eq!(missing, "Error: function not found: 'none'");
}

#[tokio::test]
async fn functions_require_each_other_by_name_and_by_path() {
    let pool = pool(patient());
    let functions = [
        (
            "a/f",
            "const { two } = require('./two.js'); const three = require('../b/three'); exports = () => [two, three(), require('one') === require('one')]",
        ),
        ("a/two", "exports.two = 2"),
        ("b/three", "module.exports = () => 3"),
        ("one", "exports = {}"),
    ];
    assert_eq!(first(&pool, &functions).await, Ok(json!([int(2), int(3), true])));
    let cycle = [
        ("f", "const g = require('g'); exports = () => 1"),
        ("g", "const f = require('f'); exports = () => 2"),
    ];
    assert_eq!(first(&pool, &cycle).await, Ok(int(1)));
    assert!(thrown(&pool, "require('crypto')").await.starts_with("Error: Cannot find module 'crypto'"));
}

#[tokio::test]
async fn the_console_is_logged_in_order() {
    let pool = pool(patient());
    let source = "exports = () => {
        console.log('a', 1, { b: [2] }); console.warn(undefined); console.error(new Error('x')); console.debug(null);
        console.info({ get a() { throw 1 } });
    }";
    let logs = outcome(&pool, source, vec![]).await.unwrap().logs;
    let logs: Vec<_> = logs.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(
        logs,
        [
            (LogLevel::Info, "a 1 {\"b\":[{\"$numberInt\":\"2\"}]}"),
            (LogLevel::Warn, "undefined"),
            (LogLevel::Error, "Error: x"),
            (LogLevel::Debug, "null"),
            (LogLevel::Info, "[a value that cannot be shown]"),
        ]
    );
    let Err(Failure::Threw { logs, .. }) =
        outcome(&pool, "exports = () => { console.log(1); throw 2 }", vec![]).await
    else {
        panic!("it did not throw")
    };
    assert_eq!(logs.len(), 1);
}

#[tokio::test]
async fn a_service_is_refused_by_name_with_advice() {
    let pool = pool(patient());
    let message = thrown(&pool, "exports = () => context.services.get('mongodb-atlas').db('x')").await;
    assert!(message.contains("'mongodb-atlas'") && message.contains("context.http"), "{message}");
}

/// Answers with what it was asked.
#[derive(Default)]
struct Echo(Mutex<Vec<HttpRequest>>);

#[async_trait]
impl Host for Echo {
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        if request.url.contains("never") {
            return std::future::pending().await;
        }
        if request.url.contains("nowhere") {
            return Err("no such host".into());
        }
        let body = request.body.clone().unwrap_or_default();
        self.0.lock().unwrap().push(request);
        let headers = [("X-Test".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into();
        Ok(HttpResponse { status_code: 201, status: "201 Created".into(), headers, body })
    }
}

#[tokio::test]
async fn requests_are_sent_by_the_parent() {
    let pool = pool(patient());
    let echo = Arc::new(Echo::default());
    let host: Arc<dyn Host> = echo.clone();
    let source = "exports = async () => {
        const response = await context.http.post({ url: 'https://example.com/a', headers: { A: ['b'] }, body: { c: 1 }, encodeBodyAsJSON: true });
        const many = await Promise.all(['x', 'y'].map(body => context.http.put({ url: 'https://example.com', body })));
        let error;
        try { await context.http.get({ url: 'https://nowhere' }) } catch (thrown) { error = thrown.message }
        await context.http.get({ scheme: 'https', host: 'example.com', path: 'p', query: { q: ['1', '&'] } });
        return [response.statusCode, response.status, response.headers['X-Test'], response.body.text(),
            many.map(one => one.body.text()), error];
    }";
    let answer = pool.run(call(&crate::support::program(source), vec![]), &host).await.unwrap().value;
    let expected = json!([
        int(201),
        "201 Created",
        ["1", "2"],
        "{\"c\":{\"$numberInt\":\"1\"}}",
        ["x", "y"],
        "no such host"
    ]);
    assert_eq!(answer, expected);
    let sent = echo.0.lock().unwrap();
    assert_eq!((sent[0].method.as_str(), sent[0].headers["A"][0].as_str()), ("POST", "b"));
    assert_eq!(sent[0].headers["Content-Type"], ["application/json"]);
    assert_eq!(sent.last().unwrap().url, "https://example.com/p?q=1&q=%26");
}

#[tokio::test]
async fn a_request_that_outlives_its_function_disturbs_nobody() {
    let mut settings = crate::support::settings(patient());
    settings.workers = 1;
    let pool = Pool::new(settings);
    let host: Arc<dyn Host> = Arc::new(Echo::default());
    for _ in 0..20 {
        let source = "exports = () => { context.http.get({ url: 'https://never' }); context.http.get({ url: 'https://a' }); return 1 }";
        let left = pool.run(call(&crate::support::program(source), vec![]), &host).await;
        assert_eq!(left.unwrap().value, int(1));
        let source =
            "exports = async () => (await context.http.post({ url: 'https://a', body: 'mine' })).body.text()";
        let next = pool.run(call(&crate::support::program(source), vec![]), &host).await;
        assert_eq!(next.unwrap().value, json!("mine"));
    }
}

#[tokio::test]
async fn a_request_costs_the_time_of_its_call() {
    let pool = pool(Limits { wall: std::time::Duration::from_millis(200), ..patient() });
    let host: Arc<dyn Host> = Arc::new(Echo::default());
    let source = "exports = () => context.http.get({ url: 'https://never' })";
    let ended = pool.run(call(&crate::support::program(source), vec![]), &host).await;
    assert_eq!(ended, Err(Failure::TimeLimit));
}

#[tokio::test]
async fn only_so_many_requests_are_open_at_once() {
    let pool = pool(patient());
    let host: Arc<dyn Host> = Arc::new(Echo::default());
    let source = "exports = () => Promise.all(Array.from({ length: 26 }, () => context.http.get({ url: 'https://never' })))";
    let refused = pool.run(call(&crate::support::program(source), vec![]), &host).await.unwrap_err();
    assert_eq!(refused.to_string(), "Error: too many requests are open at once");
}
