//! What a call costs: `cargo run --release -p keystead-functions --example measure -- WORKER [ARGUMENT…]`,
//! where WORKER is `target/release/keystead __function-worker` or another worker.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for those who work on this")]

use async_trait::async_trait;
use keystead_functions::{
    Call, CallContext, FunctionSource, Host, HttpRequest, HttpResponse, Limits, Pool, PoolSettings, Program,
    ProgramParts, WorkerCommand,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

const CALLS: u32 = 5000;

const FUNCTIONS: [(&str, &str); 6] = [
    ("trivial", "exports = (a, b) => a + b"),
    ("async", "exports = async (a, b) => a + b"),
    ("console", "exports = (a, b) => console.log(a, b)"),
    ("context", "exports = () => context.user.id"),
    ("BSON", "exports = () => new BSON.ObjectId()"),
    ("utils", "exports = () => utils.crypto.hmac('a', 'b', 'sha256', 'hex')"),
];

struct Alone;

#[async_trait]
impl Host for Alone {
    async fn http(&self, _: HttpRequest) -> Result<HttpResponse, String> {
        Err("there is no network".into())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().unwrap().into();
    let worker = WorkerCommand { program, arguments: arguments.collect() };
    let pool =
        Pool::new(PoolSettings { worker, workers: 2, calls_per_application: 2, limits: Limits::default() });
    let host: Arc<dyn Host> = Arc::new(Alone);
    let function = |(name, source): (&str, &str)| {
        (name.to_owned(), FunctionSource { source: source.to_owned(), run_as_system: false })
    };
    let functions = FUNCTIONS.into_iter().map(function).collect();
    let program = Arc::new(Program::new(ProgramParts {
        application: "a".into(),
        functions,
        ..ProgramParts::default()
    }));
    for (name, _) in FUNCTIONS {
        let call = Call {
            program: Arc::clone(&program),
            function: name.into(),
            arguments: vec![json!({ "$numberInt": "1" }), json!({ "$numberInt": "2" })],
            context: CallContext {
                user: Some(json!({ "id": "u" })),
                request: json!({}),
                running_as_system: false,
            },
        };
        let first = Instant::now();
        pool.run(call.clone(), &host).await.unwrap();
        let first = first.elapsed();
        let start = Instant::now();
        for _ in 0..CALLS {
            pool.run(call.clone(), &host).await.unwrap();
        }
        println!("{name}: {:?} a call, the first one {first:?}", start.elapsed() / CALLS);
    }
    #[cfg(target_os = "linux")]
    print_memory();
}

/// Of the workers, now that they are idle.
#[cfg(target_os = "linux")]
fn print_memory() {
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    for child in children.split_whitespace() {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap();
        let kept = ["VmRSS", "RssAnon", "RssFile"];
        for line in status.lines().filter(|line| kept.iter().any(|name| line.starts_with(name))) {
            println!("worker {child} {line}");
        }
        let times = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
        let ticks: Vec<_> = times.split(' ').skip(13).take(2).collect();
        println!("worker {child} user and system ticks {ticks:?}");
    }
}
