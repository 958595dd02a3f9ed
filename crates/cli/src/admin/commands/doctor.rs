//! `keystead doctor`: what is wrong, seen from here and from the server, and what to do about it.

use crate::admin::connection::is_readable_on_the_way;
use crate::admin::output::{self, text};
use crate::admin::time::now;
use crate::admin::{Context, exit::Failure};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// Clocks that differ by more make tokens look expired, or not yet valid.
const CLOCK_WARNING_SECONDS: u64 = 5;
const CLOCK_PROBLEM_SECONDS: u64 = 60;

/// What is checked from here, then what the server says of itself. Whatever ends it early is said in the
/// same form as everything else.
pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let mut checks = Vec::new();
    let failure = examine(context, &mut checks).await.err();
    if let Some(sentence) = failure.as_ref().and_then(Failure::sentence) {
        let fix = match failure {
            Some(Failure::Unreachable(_)) => {
                "see that the server runs, and that the URL, the proxy and the firewall are right"
            }
            Some(Failure::Refused(_)) => "log in as an administrator of this server",
            _ => "use the command line of the server's version",
        };
        checks.push(check("server", "problem", &sentence, Some(fix)));
    }
    show(context, &checks)?;
    let is_problem = |check: &Value| check["status"] == "problem";
    match failure {
        // It is in the list; what is left to tell is the exit code.
        Some(failure) => Err(Failure::Listed(failure.code())),
        None if checks.iter().any(is_problem) => Err(Failure::Said),
        None => Ok(()),
    }
}

async fn examine(context: &Context, checks: &mut Vec<Value>) -> Result<(), Failure> {
    let client = &context.client;
    let response = client.ask_openly(Method::GET, "readyz", None).await?;
    checks.push(reached(context, &response));
    checks.push(encrypted(context));
    checks.push(clock(&response));
    checks.push(version(context).await?);
    let mut answer = client.own().get("/doctor").await?;
    if let Value::Array(of_server) = answer["checks"].take() {
        checks.extend(of_server);
    }
    Ok(())
}

fn check(name: &str, status: &str, message: &str, fix: Option<&str>) -> Value {
    let mut check = json!({"name": name, "status": status, "message": message});
    if let Some(fix) = fix {
        check["fix"] = fix.into();
    }
    check
}

fn show(context: &Context, checks: &[Value]) -> Result<(), Failure> {
    let output = context.output;
    if output.is_json() {
        return output::document(&json!({"checks": checks}));
    }
    output.list(checks, ["status", "check", "result", "what to do"], |check| {
        let fix = check["fix"].as_str().unwrap_or_default();
        [text(&check["status"]), text(&check["name"]), text(&check["message"]), fix.to_owned()]
    })
}

fn reached(context: &Context, response: &Response) -> Value {
    let url = context.client.url();
    match response.status().as_u16() {
        200 => check("reachable", "ok", &format!("{url} answers and is ready"), None),
        status => check(
            "reachable",
            "problem",
            &format!("{url} answers with the status {status}"),
            Some("see the server's log, or the proxy's, for why it is not ready"),
        ),
    }
}

fn encrypted(context: &Context) -> Value {
    let url = context.client.url();
    if is_readable_on_the_way(url) {
        let fix = "give the server a certificate, or put a proxy with TLS in front";
        return check("encryption", "warning", &format!("{url} is not encrypted"), Some(fix));
    }
    let message = match url.scheme() {
        "https" => "the certificate is valid",
        _ => "not needed on this machine",
    };
    check("encryption", "ok", message, None)
}

fn clock(response: &Response) -> Value {
    let date = response.headers().get("date").and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let seconds = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
    let Some(seconds) = seconds.and_then(|seconds| i64::try_from(seconds).ok()) else {
        return check("clock difference", "warning", "the server does not say what time it is", None);
    };
    let difference = now().abs_diff(seconds);
    let message = format!("the clocks of this machine and of the server differ by {difference} s");
    let fix = Some("let both machines take their time from NTP");
    match difference {
        CLOCK_PROBLEM_SECONDS.. => check("clock difference", "problem", &message, fix),
        CLOCK_WARNING_SECONDS.. => check("clock difference", "warning", &message, fix),
        _ => check("clock difference", "ok", &message, None),
    }
}

async fn version(context: &Context) -> Result<Value, Failure> {
    let ours = env!("CARGO_PKG_VERSION");
    let response = context.client.ask_openly(Method::GET, "api/private/v1.0/version", None).await?;
    let answer = context.client.json(response).await.unwrap_or_default();
    Ok(match answer["version"].as_str() {
        Some(theirs) if theirs == ours => check("version", "ok", &format!("{ours}, here and there"), None),
        Some(theirs) => check(
            "version",
            "warning",
            &format!("this is Keystead {ours}, and the server {theirs}"),
            Some("use the command line of the server's version"),
        ),
        None => check("version", "warning", "the server does not say which version it is", None),
    })
}
