//! What calling a trivial function costs: through HTTP, into a worker process, in an engine of its own.

use crate::load::Running;
use crate::seed::Records;
use crate::{KEYSTEAD_PORT, ROUNDS, SECONDS, median};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

const CLIENTS: u32 = 16;
const BASE: &str = "/api/client/v2.0/app/fullapp-abcde";

/// Prints a table.
pub(crate) fn run() -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/full-app");
    let keystead = Running::keystead_with(&app, &folder.path().join("data"), KEYSTEAD_PORT)?;
    let credentials = r#"{"nickname":"bench","word":"heliotrope"}"#;
    let login = request("POST", "/auth/providers/custom-function/login", None, credentials)?;
    drop(keystead);

    // The sessions stand, and the workers do not: a first call as an application meets it.
    let keystead = Running::keystead_with(&app, &folder.path().join("data"), KEYSTEAD_PORT)?;
    let login: serde_json::Value = serde_json::from_str(&login).map_err(|error| error.to_string())?;
    let token = login["access_token"].as_str().ok_or("the login answered no token")?;
    let call = r#"{"name":"sum","arguments":[{"$numberInt":"1"},{"$numberInt":"2"}]}"#;
    // The port is open before all is read.
    request("GET", "/location", None, "")?;
    let began = Instant::now();
    let answer = request("POST", "/functions/call", Some(token), call)?;
    let first = began.elapsed();
    if answer != r#"{"$numberInt":"3"}"# {
        return Err(format!("1 + 2 is {answer}"));
    }

    let records = Records { file: folder.path().join("token"), length: token.len() + 1, count: 1 };
    std::fs::write(&records.file, format!("{token}\n")).map_err(|error| error.to_string())?;
    keystead.measure_with(CLIENTS, "function", &records, 1)?;
    let runs: Result<Vec<_>, String> =
        (0..ROUNDS).map(|_| keystead.measure_with(CLIENTS, "function", &records, SECONDS)).collect();
    let runs = runs?;
    let workers = keystead.memory_of_children()?;
    println!(
        "| calls/s | CPU µs | p50 ms | p99 ms | first call ms | workers | own memory of each, MB | failed |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    println!(
        "| {:.0} | {:.0} | {:.2} | {:.2} | {:.1} | {} | {:.1} | {} |",
        median(runs.iter().map(|run| run.requests_per_second)),
        median(runs.iter().map(|run| run.cpu_per_request)),
        median(runs.iter().map(|run| run.p50)),
        median(runs.iter().map(|run| run.p99)),
        first.as_secs_f64() * 1000.0,
        workers.len(),
        median(workers.iter().copied()),
        runs.iter().map(|run| run.failed).sum::<u64>(),
    );
    Ok(())
}

/// The body of the answer.
fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> Result<String, String> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {BASE}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", KEYSTEAD_PORT)).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 20") => Ok(body.to_owned()),
        _ => Err(format!("{path}: {answer}")),
    }
}
