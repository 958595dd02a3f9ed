//! `keystead providers`: the ways to log in to an application.

use super::{id, parse_json, read_text};
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{self, state, text};
use crate::admin::{Context, exit::Failure};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the ways to log in.
    #[command(after_help = "Examples:\n  keystead providers list")]
    List,
    /// Show one with its configuration.
    #[command(after_help = "Examples:\n  keystead providers show local-userpass --json")]
    Show {
        /// Its type, like api-key, local-userpass or custom-token
        provider: String,
    },
    /// Configure one, or make it, from JSON as in the file auth/providers.json of an application folder.
    ///
    /// What the JSON does not name stays as it is, also inside of `config`.
    #[command(after_help = "Examples:
  keystead providers set local-userpass local-userpass.json
  echo '{\"config\": {\"autoConfirm\": true}}' | keystead providers set local-userpass")]
    Set {
        /// Its type
        provider: String,
        /// File with the JSON; - is standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Let people log in this way.
    #[command(after_help = "Examples:\n  keystead providers enable api-key")]
    Enable {
        /// Its type
        provider: String,
    },
    /// Let nobody log in this way.
    #[command(after_help = "Examples:\n  keystead providers disable anon-user")]
    Disable {
        /// Its type
        provider: String,
    },
    /// Delete one with its configuration.
    #[command(after_help = "Examples:\n  keystead providers delete anon-user --yes")]
    Delete {
        /// Its type
        provider: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let app = context.app().await?;
    let routes = app.routes.below("/auth_providers");
    let all = routes.list("").await?;
    let path = |provider: &str| find(&all, provider).map(|found| format!("/{}", segment(id(found))));
    match command {
        Command::List => output.list(&all, ["type", "state", "id"], |provider| {
            [text(&provider["type"]), state(provider), text(&provider["_id"])]
        }),
        Command::Show { provider } => output.object(&routes.get(&path(&provider)?).await?),
        Command::Set { provider, file } => {
            let mut body = parse_json(&file.display().to_string(), &read_text(&file)?)?;
            let Value::Object(members) = &mut body else {
                return Err(Failure::Usage(format!("{} is no JSON object", file.display())));
            };
            members.insert("type".to_owned(), json!(provider));
            let answer = match path(&provider) {
                Ok(path) => routes.patch(&path, &body).await?,
                Err(_) => routes.post("", &body).await?,
            };
            done(context, &answer, &format!("{provider} is configured."))
        }
        Command::Enable { provider } => {
            routes.put(&format!("{}/enable", path(&provider)?), &json!({})).await?;
            output.remark(&format!("People can log in by {provider}."));
            Ok(())
        }
        Command::Disable { provider } => {
            routes.put(&format!("{}/disable", path(&provider)?), &json!({})).await?;
            output.remark(&format!("Nobody can log in by {provider}."));
            Ok(())
        }
        Command::Delete { provider, confirmation } => {
            let path = path(&provider)?;
            confirmation.ask(&format!(
                "{provider} will be deleted with its configuration, and nobody can log in by it."
            ))?;
            routes.delete(&path).await?;
            output.remark(&format!("{provider} is deleted."));
            Ok(())
        }
    }
}

/// Says what was done, or what the API answered, if it did.
fn done(context: &Context, answer: &Value, message: &str) -> Result<(), Failure> {
    context.output.remark(message);
    if context.output.is_json() && !answer.is_null() { output::document(answer) } else { Ok(()) }
}

fn find<'v>(all: &'v [Value], provider: &str) -> Result<&'v Value, Failure> {
    let found = all.iter().find(|item| item["type"] == provider || item["_id"] == provider);
    found.ok_or_else(|| Failure::NotFound(format!("the application has no provider {provider}")))
}
