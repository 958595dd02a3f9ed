//! `keystead functions`.
#![allow(clippy::doc_markdown, reason = "these doc comments are help texts, printed as they are")]

use super::{id, named, parse_json, read_text, users};
use crate::admin::app::App;
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{self, text, time};
use crate::admin::{Context, exit::Failure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List functions.
    #[command(after_help = "Examples:\n  keystead functions list")]
    List,
    /// Print a function's source.
    #[command(after_help = "Examples:
  keystead functions show greet > greet.js
  keystead functions show greet --json")]
    Show {
        /// Its name
        function: String,
    },
    /// Make a function, or give it other source.
    #[command(after_help = "Examples:
  keystead functions set greet greet.js
  keystead functions set on-login on-login.js --private true
  cat greet.js | keystead functions set greet -")]
    Set(SetOptions),
    /// Delete a function.
    #[command(after_help = "Examples:\n  keystead functions delete greet --yes")]
    Delete {
        /// Its name
        function: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Run a function and print what it returns; what it logs goes to standard error.
    #[command(after_help = "Examples:
  keystead functions run greet --args '[\"Ada\"]'
  keystead functions run greet --user ada@example.com --json
  keystead functions run greet --args - < arguments.json")]
    Run(RunOptions),
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct SetOptions {
    /// Its name
    function: String,
    /// File with the source; - is standard input
    file: PathBuf,
    /// Whether only the system may call it [default: as it is; a new one is not private]
    #[arg(long)]
    private: Option<bool>,
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct RunOptions {
    /// Its name
    function: String,
    /// The arguments, a JSON array; - reads it from standard input
    #[arg(long, value_name = "JSON", default_value = "[]")]
    args: String,
    /// Run it as this user, by _id or email address [default: as the system]
    #[arg(long)]
    user: Option<String>,
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let app = context.app().await?;
    let routes = app.routes.below("/functions");
    let path = |function: &Value| format!("/{}", segment(id(function)));
    match command {
        Command::List => {
            let all = routes.list("").await?;
            output.list(&all, ["name", "modified", "id"], |function| {
                [text(&function["name"]), time(&function["last_modified"]), text(&function["_id"])]
            })
        }
        Command::Show { function } => {
            let all = routes.list("").await?;
            let function = routes.get(&path(named(&all, "function", &function)?)).await?;
            output.result(&function, function["source"].as_str().unwrap_or_default())
        }
        Command::Set(options) => set(&app, context, options).await,
        Command::Delete { function, confirmation } => {
            let all = routes.list("").await?;
            let found = named(&all, "function", &function)?;
            confirmation.ask(&format!("The function {function} will be deleted with its source."))?;
            routes.delete(&path(found)).await?;
            output.remark(&format!("The function {function} is deleted."));
            Ok(())
        }
        Command::Run(options) => run_function(&app, context, options).await,
    }
}

async fn set(app: &App<'_>, context: &Context, options: SetOptions) -> Result<(), Failure> {
    let SetOptions { function: name, file, private } = options;
    let source = read_text(&file)?;
    let routes = app.routes.below("/functions");
    let all = routes.list("").await?;
    let answer = if let Some(found) = all.iter().find(|function| function["name"] == *name) {
        let path = format!("/{}", segment(id(found)));
        let mut function = routes.get(&path).await?;
        function["source"] = source.into();
        if let Some(private) = private {
            function["private"] = private.into();
        }
        routes.put(&path, &function).await?
    } else {
        let private = private.unwrap_or_default();
        routes.post("", &json!({"name": name, "private": private, "source": source})).await?
    };
    context.output.remark(&format!("The function {name} is set."));
    if context.output.is_json() && !answer.is_null() { output::document(&answer) } else { Ok(()) }
}

async fn run_function(app: &App<'_>, context: &Context, options: RunOptions) -> Result<(), Failure> {
    let output = context.output;
    let arguments = match options.args.as_str() {
        "-" => parse_json("standard input", &read_text(Path::new("-"))?)?,
        text => parse_json("--args", text)?,
    };
    if !arguments.is_array() {
        return Err(Failure::Usage("the arguments are a JSON array, like '[\"Ada\", 1]'".to_owned()));
    }
    let query = match &options.user {
        Some(user) => format!("user_id={}", segment(id(&users::find(app, user).await?))),
        None => "run_as_system=true".to_owned(),
    };
    let body = json!({"name": options.function, "arguments": arguments});
    let answer = app.routes.post(&format!("/debug/execute_function?{query}"), &body).await?;
    for log in ["logs", "error_logs"] {
        match &answer[log] {
            Value::Array(lines) => lines.iter().for_each(|line| output.remark(&text(line))),
            Value::String(lines) if !lines.is_empty() => output.remark(lines),
            _ => {}
        }
    }
    let error = match &answer["error"] {
        Value::Null => None,
        Value::String(message) if message.is_empty() => None,
        error => Some(text(error)),
    };
    if output.is_json() {
        output::document(&answer)?;
        return error.map_or(Ok(()), |_| Err(Failure::Said));
    }
    match error {
        Some(error) => Err(Failure::Other(format!("the function failed: {error}"))),
        None => output::document(&answer["result"]),
    }
}
