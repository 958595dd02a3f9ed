//! `keystead apps`.

use super::id;
use crate::admin::app;
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{text, time};
use crate::admin::{Context, exit::Failure};
use clap::Subcommand;
use serde_json::json;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List all applications.
    #[command(after_help = "Examples:\n  keystead apps list\n  keystead apps list --json")]
    List,
    /// Show one application.
    #[command(after_help = "Examples:\n  keystead apps show\n  keystead apps show shop-abcde --json")]
    Show {
        /// Its client app id or _id [default: the only one]
        app: Option<String>,
    },
    /// Make an application, and print its client app id.
    ///
    /// It is kept in the server's store. Applications in folders are given to the server with --app.
    #[command(after_help = "Examples:\n  keystead apps create shop\n  APP=$(keystead apps create shop)")]
    Create {
        /// Its name: up to 32 letters, digits, underscores and hyphens
        name: String,
    },
    /// Delete an application with all its users and keys.
    #[command(
        after_help = "Examples:\n  keystead apps delete shop-abcde\n  keystead apps delete shop-abcde --yes"
    )]
    Delete {
        /// Its client app id or _id
        app: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let Context { client, output, .. } = context;
    match command {
        Command::List => {
            let apps = client.group().await?.list("/apps").await?;
            output.list(&apps, ["app", "name", "id", "environment", "modified"], |app| {
                [
                    text(&app["client_app_id"]),
                    text(&app["name"]),
                    text(&app["_id"]),
                    text(&app["environment"]),
                    time(&app["last_modified"]),
                ]
            })
        }
        Command::Show { app } => {
            let app = app::choose(client, app.as_deref()).await?;
            output.object(&app.routes.get("").await?)
        }
        Command::Create { name } => {
            let made = client.group().await?.post("/apps", &json!({"name": name})).await?;
            output.remark("The application is there. Its client app id:");
            output.result(&made, &text(&made["client_app_id"]))
        }
        Command::Delete { app, confirmation } => {
            let app = app::choose(client, Some(&app)).await?;
            let name = app.client_app_id();
            confirmation.ask(&format!(
                "The application {name} will be deleted with all its users, keys and sessions, for good."
            ))?;
            client.group().await?.delete(&format!("/apps/{}", segment(id(&app.shown)))).await?;
            output.remark(&format!("The application {name} is deleted."));
            Ok(())
        }
    }
}
