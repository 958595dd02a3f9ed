//! `keystead secrets`: what functions and providers of an application refer to by name.

use super::{id, named};
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{self, text};
use crate::admin::secret_input;
use crate::admin::{Context, exit::Failure};
use clap::Subcommand;
use serde_json::json;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the names of secrets. Their values are never shown.
    #[command(after_help = "Examples:\n  keystead secrets list")]
    List,
    /// Make a secret, or give it another value, which is asked for or read from standard input.
    #[command(after_help = "Examples:
  keystead secrets set signingKey
  keystead secrets set signingKey < signing.key")]
    Set {
        /// Its name
        name: String,
    },
    /// Delete a secret.
    #[command(after_help = "Examples:\n  keystead secrets delete signingKey --yes")]
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let app = context.app().await?;
    let routes = app.routes.below("/secrets");
    match command {
        Command::List => {
            let all = routes.list("").await?;
            output.list(&all, ["name", "id"], |secret| [text(&secret["name"]), text(&secret["_id"])])
        }
        Command::Set { name } => {
            let value = secret_input::read("The secret")?;
            let body = json!({"name": name, "value": value.expose()});
            let all = routes.list("").await?;
            let answer = match all.iter().find(|secret| secret["name"] == *name) {
                Some(found) => routes.put(&format!("/{}", segment(id(found))), &body).await?,
                None => routes.post("", &body).await?,
            };
            output.remark(&format!("The secret {name} is set."));
            if output.is_json() && !answer.is_null() { output::document(&answer) } else { Ok(()) }
        }
        Command::Delete { name, confirmation } => {
            let all = routes.list("").await?;
            let found = named(&all, "secret", &name)?;
            confirmation.ask(&format!("The secret {name} will be deleted; what needs it stops working."))?;
            routes.delete(&format!("/{}", segment(id(found)))).await?;
            output.remark(&format!("The secret {name} is deleted."));
            Ok(())
        }
    }
}
