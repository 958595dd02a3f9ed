//! `keystead users`: list, show, make, stop and delete.
#![allow(clippy::doc_markdown, reason = "these doc comments are help texts, printed as they are")]

use super::import::{self, UsersImportOptions};
use super::{hex, id, pending};
use crate::admin::app::App;
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{self, state, text, time};
use crate::admin::secret_input;
use crate::admin::{Context, exit::Failure};
use clap::{Args, Subcommand, ValueEnum};
use keystead_protocol::id::ObjectId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List users.
    #[command(after_help = "Examples:
  keystead users list --limit 20
  keystead users list --status disabled --provider local-userpass,api-key
  keystead users list --sort last_authentication_date --desc --json")]
    List(ListOptions),
    /// Show a user.
    #[command(after_help = "Examples:
  keystead users show ada@example.com
  keystead users show 6b050440dc29d2aaccddaf5e --json")]
    Show(UserOption),
    /// Make a confirmed user with an email address, and print the user's id.
    ///
    /// The password is asked for, or read from standard input.
    #[command(after_help = "Examples:
  keystead users create ada@example.com
  keystead users create ada@example.com < password.txt
  keystead users create ada@example.com --invite")]
    Create {
        /// The address
        email: String,
        /// Ask for no password; mail a link with which the user chooses one
        #[arg(long)]
        invite: bool,
    },
    /// Stop a user: from now on no key, session or token of theirs works.
    #[command(after_help = "Examples:\n  keystead users disable ada@example.com")]
    Disable(UserOption),
    /// Let a user in again. Their sessions stay ended.
    #[command(after_help = "Examples:\n  keystead users enable ada@example.com")]
    Enable(UserOption),
    /// Delete a user with all keys.
    #[command(after_help = "Examples:
  keystead users delete ada@example.com
  keystead users delete 6b050440dc29d2aaccddaf5e --yes")]
    Delete {
        #[command(flatten)]
        user: UserOption,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Give a user another email address.
    #[command(after_help = "Examples:\n  keystead users reset-email ada@example.com lovelace@example.com")]
    ResetEmail {
        #[command(flatten)]
        user: UserOption,
        /// The new address
        email: String,
    },
    /// People who registered and have not confirmed their address.
    #[command(subcommand)]
    Pending(pending::Command),
    /// Import users of another system, with their ids and, if there are, password hashes.
    #[command(after_help = import::USERS_HELP)]
    Import(UsersImportOptions),
}

/// The doc comment is the help text.
#[derive(Args)]
pub(crate) struct UserOption {
    /// The user's _id or email address
    #[arg(value_name = "USER")]
    pub(crate) user: String,
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Only users who may log in, or may not
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only users of these ways to log in, like local-userpass,api-key
    #[arg(long, value_name = "PROVIDERS")]
    provider: Option<String>,
    /// What to sort by: _id, creation_date or last_authentication_date
    #[arg(long, value_name = "FIELD")]
    sort: Option<String>,
    /// The other way round
    #[arg(long)]
    desc: bool,
    /// At most so many [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    Enabled,
    Disabled,
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let app = context.app().await?;
    match command {
        Command::List(options) => list(&app, context, &options).await,
        Command::Show(UserOption { user }) => output.object(&find(&app, &user).await?),
        Command::Create { email, invite } => create(&app, context, &email, invite).await,
        Command::Disable(UserOption { user }) => {
            let user = act(&app, &user, "disable").await?;
            output.remark(&format!("{} is disabled: no key, session or token works any more.", name(&user)));
            Ok(())
        }
        Command::Enable(UserOption { user }) => {
            let user = act(&app, &user, "enable").await?;
            output.remark(&format!("{} is enabled.", name(&user)));
            Ok(())
        }
        Command::Delete { user, confirmation } => {
            let user = find(&app, &user.user).await?;
            let who = name(&user);
            confirmation.ask(&format!("{who} will be deleted with all keys and sessions, for good."))?;
            app.routes.delete(&path(&user, "")).await?;
            output.remark(&format!("{who} is deleted."));
            Ok(())
        }
        Command::ResetEmail { user, email } => {
            let user = find(&app, &user.user).await?;
            app.routes.patch(&path(&user, "/reset_email"), &json!({"email": email})).await?;
            output.remark(&format!("{} has the address {email} now.", name(&user)));
            Ok(())
        }
        Command::Pending(command) => pending::run(command, &app, context).await,
        Command::Import(options) => import::users(&options, &app, context).await,
    }
}

async fn list(app: &App<'_>, context: &Context, options: &ListOptions) -> Result<(), Failure> {
    let mut query = String::new();
    let mut set = |name: &str, value: &str| {
        // A string takes everything that is written into it.
        let _ = write!(query, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    };
    match options.status {
        Some(Status::Enabled) => set("status", "enabled"),
        Some(Status::Disabled) => set("status", "disabled"),
        None => {}
    }
    if let Some(providers) = &options.provider {
        set("provider_types", providers);
    }
    if let Some(field) = &options.sort {
        set("sort", field);
    }
    if options.desc {
        set("desc", "true");
    }
    let users = pages(app, "/users", &query, options.limit).await?;
    context.output.list(
        &users,
        ["id", "name", "state", "type", "ways to log in", "created", "last login"],
        |user| {
            [
                text(&user["_id"]),
                name_alone(user).unwrap_or("-").to_owned(),
                state(user),
                text(&user["type"]),
                providers(user),
                time(&user["creation_date"]),
                time(&user["last_authentication_date"]),
            ]
        },
    )
}

/// All of a list that comes in pages, or the first `limit`.
pub(super) async fn pages(
    app: &App<'_>,
    path: &str,
    query: &str,
    limit: Option<usize>,
) -> Result<Vec<Value>, Failure> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut all = Vec::new();
    let mut after = String::new();
    while all.len() < limit {
        let page = app.routes.list(&format!("{path}?{after}{query}")).await?;
        let Some(last) = page.last() else { break };
        after = format!("after={}", segment(id(last)));
        all.extend(page);
    }
    all.truncate(limit);
    Ok(all)
}

/// The user with this `_id` or email address.
pub(super) async fn find(app: &App<'_>, user: &str) -> Result<Value, Failure> {
    if user.parse::<ObjectId>().is_ok() {
        return app.routes.get(&format!("/users/{user}")).await;
    }
    // To the letter: whoever is meant may be about to be deleted.
    let is_wanted = |found: &&Value| found["data"]["email"] == user;
    // A server that cannot look for addresses does not mind, and gives one page after the other.
    let email = utf8_percent_encode(user, NON_ALPHANUMERIC);
    let mut after = String::new();
    loop {
        let page = app.routes.list(&format!("/users?email={email}{after}")).await?;
        if let Some(found) = page.iter().find(is_wanted) {
            return Ok(found.clone());
        }
        let Some(last) = page.last() else {
            return Err(Failure::NotFound(format!("{} has no user {user}", app.client_app_id())));
        };
        after = format!("&after={}", segment(id(last)));
    }
}

/// The path of a user's route.
pub(super) fn path(user: &Value, action: &str) -> String {
    format!("/users/{}{action}", segment(id(user)))
}

/// What people call a user.
pub(super) fn name(user: &Value) -> String {
    match name_alone(user) {
        Some(name) => format!("The user {name} ({})", id(user)),
        None => format!("The user {}", id(user)),
    }
}

fn name_alone(user: &Value) -> Option<&str> {
    user["data"]["email"].as_str().or_else(|| user["data"]["name"].as_str())
}

fn providers(user: &Value) -> String {
    let identities = user["identities"].as_array().into_iter().flatten();
    let types = identities.filter_map(|identity| identity["provider_type"].as_str());
    types.collect::<Vec<_>>().join(", ")
}

/// Does what a route without a body does.
async fn act(app: &App<'_>, user: &str, action: &str) -> Result<Value, Failure> {
    let user = find(app, user).await?;
    app.routes.put(&path(&user, &format!("/{action}")), &json!({})).await?;
    Ok(user)
}

async fn create(app: &App<'_>, context: &Context, email: &str, invite: bool) -> Result<(), Failure> {
    let output = context.output;
    let password = if invite { unguessable()?.into() } else { secret_input::read("The user's password")? };
    let body = json!({"email": email, "password": password.expose()});
    let made = app.routes.post("/users", &body).await?;
    if invite {
        let path = format!(
            "api/client/v2.0/app/{}/auth/providers/local-userpass/reset/send",
            segment(app.client_app_id())
        );
        let body = json!({"email": email});
        let answer = context.client.ask_openly(Method::POST, &path, Some(&body)).await?;
        if answer.status().is_success() {
            output.remark("A link to choose a password is in the mail.");
        } else {
            let body = context.client.json(answer).await.unwrap_or_default();
            let reason = body["error"].as_str().unwrap_or("no reason was given");
            output::warn(&format!("{email} was made, but no mail can be sent: {reason}"));
        }
    }
    output.remark("The user is there, confirmed. The user's id:");
    output.result(&made, id(&made))
}

/// A password that nobody is ever told.
fn unguessable() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(hex(&bytes))
}
