//! `keystead admin-keys`: key pairs with which programs and people administer the server.

use super::{id, named};
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::{state, text, time};
use crate::admin::{Context, app, exit::Failure};
use clap::Subcommand;
use serde_json::{Value, json};

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the pairs by their public keys.
    #[command(after_help = "Examples:\n  keystead admin-keys list")]
    List,
    /// Make a pair. The private key is printed, and never shown again.
    #[command(after_help = "Examples:
  keystead admin-keys create deploy > deploy.key
  keystead admin-keys create shop-team --app shop-abcde --json")]
    Create {
        /// Its name
        name: String,
        /// Let it administer only this application, by client app id or _id; may be repeated [default: all]
        // Not called `app`: `serve` has something else of this name.
        #[arg(id = "only_apps", long = "app", value_delimiter = ',', value_name = "APP_ID")]
        only: Option<Vec<String>>,
    },
    /// Delete a pair and end its sessions.
    #[command(after_help = "Examples:\n  keystead admin-keys delete deploy --yes")]
    Delete {
        /// Its name, public key or _id
        key: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let Context { client, output, .. } = context;
    let routes = client.own().below("/admin_keys");
    match command {
        Command::List => {
            let all = routes.list("").await?;
            output.list(&all, ["name", "public key", "state", "applications", "created", "id"], |key| {
                [
                    text(&key["name"]),
                    text(&key["public_key"]),
                    state(key),
                    apps(key),
                    time(&key["created_at"]),
                    text(&key["_id"]),
                ]
            })
        }
        Command::Create { name, only } => {
            let mut body = json!({"name": name});
            if let Some(only) = only {
                let mut ids = Vec::new();
                for wanted in only {
                    ids.push(app::choose(client, Some(&wanted)).await?.shown["_id"].clone());
                }
                body["apps"] = ids.into();
            }
            let made = routes.post("", &body).await?;
            let public_key = text(&made["public_key"]);
            output.remark(&format!(
                "The public key is {public_key}. This is the private key. It is shown this once; keep it now:"
            ));
            output.result(&made, made["private_key"].as_str().unwrap_or_default())
        }
        Command::Delete { key, confirmation } => {
            let all = routes.list("").await?;
            let by_public_key = all.iter().find(|item| item["public_key"] == *key);
            let found = by_public_key.map_or_else(|| named(&all, "admin key", &key), Ok)?;
            let name = text(&found["name"]);
            confirmation.ask(&format!("The admin key {name} will be deleted, and its sessions end."))?;
            routes.delete(&format!("/{}", segment(id(found)))).await?;
            output.remark(&format!("The admin key {name} is deleted."));
            Ok(())
        }
    }
}

fn apps(key: &Value) -> String {
    match key["apps"].as_array() {
        Some(apps) => apps.iter().map(text).collect::<Vec<_>>().join(", "),
        None => "all".to_owned(),
    }
}
