//! `keystead doctor`: what is wrong, seen from here and from the server, and what to do about it.

use crate::admin::connection::is_readable_on_the_way;
use crate::admin::output::text;
use crate::admin::time::now;
use crate::admin::{Context, exit::Failure};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// Clocks that differ by more make tokens look expired, or not yet valid.
const CLOCK_WARNING_SECONDS: u64 = 5;
const CLOCK_PROBLEM_SECONDS: u64 = 60;

/// What is checked from here, then what the server says of itself.
pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let client = &context.client;
    let mut checks = Vec::new();
    match client.ask_openly(Method::GET, "readyz", None).await {
        Ok(response) => {
            checks.push(reached(context, &response));
            checks.push(encrypted(context));
            checks.push(clock(&response));
            checks.push(version(context).await?);
            let mut answer = client.own().get("/doctor").await?;
            if let Value::Array(of_server) = answer["checks"].take() {
                checks.extend(of_server);
            }
        }
        Err(failure) => {
            // Whoever asks what is wrong is told so in the same form as everything else.
            let message = failure.sentence().unwrap_or_default();
            let fix = "see that the server runs, and that the URL, the proxy and the firewall are right";
            checks.push(check("reachable", "problem", &message, Some(fix)));
            show(context, &checks)?;
            return Err(match failure {
                Failure::Unreachable(_) if !output.is_json() => failure,
                Failure::Unreachable(_) => Failure::Unreachable(message),
                other => other,
            });
        }
    }
    show(context, &checks)?;
    let problems = checks.iter().filter(|check| check["status"] == "problem").count();
    if problems == 0 { Ok(()) } else { Err(Failure::Said) }
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
        return output.document(&json!({"checks": checks}));
    }
    output.list(checks, ["", "check", "", "what to do"], |check| {
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
        Some(theirs) if theirs == ours => {
            check("version", "ok", &format!("{ours}, here and there"), None)
        }
        Some(theirs) => check(
            "version",
            "warning",
            &format!("this is Keystead {ours}, and the server {theirs}"),
            Some("use the command line of the server's version"),
        ),
        None => check("version", "warning", "the server does not say which version it is", None),
    })
}
