//! `keystead audit`: who did what.

use crate::admin::output::{self, text, time};
use crate::admin::time as moment;
use crate::admin::{Context, exit::Failure};
use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What the server gives at once.
const PAGE: usize = 500;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what was done, newest first.
    #[command(after_help = "Examples:
  keystead audit list --since 7d
  keystead audit list --user 6b050440dc29d2aaccddaf5e --action api_key.created
  keystead audit list --since 2026-11-01 --until 2026-12-01 --limit 0 --json")]
    List(ListOptions),
    /// Prove that nothing in the trail was changed, left out or put in.
    ///
    /// Exit code 1 if something was. The head that it prints stands for everything before it: keep it
    /// somewhere else, and a trail whose end was cut off, or that was made anew, is found out, too.
    #[command(after_help = "Examples:
  keystead audit verify
  HEAD=$(keystead audit verify)
  keystead audit verify --expect-head $HEAD")]
    Verify {
        /// What an earlier verification printed: it must still be part of the trail
        #[arg(long, value_name = "HEAD")]
        expect_head: Option<String>,
    },
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Only what was done to this user, by _id
    #[arg(long)]
    user: Option<String>,
    /// Only this action, like user.disabled
    #[arg(long)]
    action: Option<String>,
    /// Only what is not older: 30m, 12h, 7d, or a date like 2026-11-01
    #[arg(long, value_parser = moment::parse, value_name = "WHEN")]
    since: Option<i64>,
    /// Only what is older
    #[arg(long, value_parser = moment::parse, value_name = "WHEN")]
    until: Option<i64>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(options) => list(context, &options).await,
        Command::Verify { expect_head } => verify(context, expect_head).await,
    }
}

async fn list(context: &Context, options: &ListOptions) -> Result<(), Failure> {
    let mut query = String::new();
    let mut set = |name: &str, value: &str| {
        // A string takes everything that is written into it.
        let _ = write!(query, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    };
    if context.app_id.is_some() {
        set("app_id", &text(&context.app().await?.shown["_id"]));
    }
    if let Some(user) = &options.user {
        set("user_id", user);
    }
    if let Some(action) = &options.action {
        set("action", action);
    }
    if let Some(since) = options.since {
        set("since", &since.to_string());
    }
    if let Some(until) = options.until {
        set("until", &until.to_string());
    }
    let limit = if options.limit == 0 { usize::MAX } else { options.limit };
    let mut events = Vec::new();
    let mut before = String::new();
    while events.len() < limit {
        let size = PAGE.min(limit - events.len());
        let mut page = context.client.own().get(&format!("/audit?limit={size}{before}{query}")).await?;
        if let Value::Array(page) = page["events"].take() {
            events.extend(page);
        }
        match &page["next_before"] {
            Value::Null => break,
            next => before = format!("&before={next}"),
        }
    }
    let columns = ["number", "when", "who", "did", "user", "what", "from", "outcome"];
    context.output.list(&events, columns, |event| {
        [
            text(&event["sequence"]),
            time(&event["at"]),
            actor(event),
            text(&event["action"]),
            text(&event["user_id"]),
            text(&event["subject"]),
            text(&event["address"]),
            text(&event["outcome"]),
        ]
    })
}

fn actor(event: &Value) -> String {
    match (&event["actor"], &event["actor_id"]) {
        (actor, Value::Null) => text(actor),
        (actor, id) => format!("{} {}", text(actor), text(id)),
    }
}

async fn verify(context: &Context, expect_head: Option<String>) -> Result<(), Failure> {
    let output = context.output;
    let body = match expect_head.as_deref().map(|head| head.split_once(':').unwrap_or(("", head))) {
        None => json!({}),
        Some(("", mac)) => json!({"expect_head": mac}),
        Some((sequence, mac)) => {
            let not_a_head = |_| Failure::Usage(format!("{sequence}:{mac} is no head like 17:0a1b…"));
            json!({"expect_head": mac, "expect_sequence": sequence.parse::<i64>().map_err(not_a_head)?})
        }
    };
    // A long trail takes its time.
    let own = context.client.own();
    let answer = own.ask(own.request(Method::POST, "/audit/verify").json(&body)).await?;
    let events = text(&answer["events"]);
    if answer["intact"] == true {
        output.remark(&format!("The trail of {events} events is intact. Its head:"));
        return output.result(&answer, &format!("{}:{}", answer["head_sequence"], text(&answer["head"])));
    }
    if output.is_json() {
        output::document(&answer)?;
        return Err(Failure::Said);
    }
    let place = match &answer["broken_at"] {
        Value::Null => String::new(),
        sequence => format!(" at event {}", text(sequence)),
    };
    Err(Failure::Other(format!("the trail of {events} events is broken{place}: {}", text(&answer["reason"]))))
}
