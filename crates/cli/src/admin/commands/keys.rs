//! `keystead keys`: API keys of users, and of servers.

use super::import::{self, KeysImportOptions};
use super::{id, named, users};
use crate::admin::app::App;
use crate::admin::client::{Scope, segment};
use crate::admin::confirm::Confirmation;
use crate::admin::output::{state, text, time};
use crate::admin::{Context, exit::Failure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List keys. None is ever shown whole.
    #[command(after_help = "Examples:
  keystead keys list --user ada@example.com
  keystead keys list --server --json")]
    List(OwnerOption),
    /// Make a key and print it. It is never shown again.
    #[command(after_help = "Examples:
  keystead keys create --server billing > billing.key
  KEY=$(keystead keys create --user ada@example.com laptop)")]
    Create {
        #[command(flatten)]
        owner: OwnerOption,
        /// Its name
        name: String,
    },
    /// Show a key, but not its secret.
    #[command(after_help = "Examples:\n  keystead keys show --user ada@example.com laptop")]
    Show(KeyOption),
    /// Stop a key and all sessions that were opened with it, until it is enabled.
    #[command(after_help = "Examples:\n  keystead keys disable --server billing")]
    Disable(KeyOption),
    /// Let a key work again.
    #[command(after_help = "Examples:\n  keystead keys enable --server billing")]
    Enable(KeyOption),
    /// Delete a key and end all sessions that were opened with it.
    #[command(after_help = "Examples:
  keystead keys delete --user ada@example.com laptop
  keystead keys delete --server billing --yes")]
    Delete {
        #[command(flatten)]
        key: KeyOption,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Import keys that another system handed out, known only by their hashes.
    #[command(after_help = import::KEYS_HELP)]
    Import(KeysImportOptions),
}

/// The doc comments are the help texts.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct OwnerOption {
    /// Keys of this user, by _id or email address
    #[arg(long)]
    user: Option<String>,
    /// Keys of servers, each of which is a user of its own
    #[arg(long)]
    server: bool,
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct KeyOption {
    #[command(flatten)]
    owner: OwnerOption,
    /// The key's name or _id
    key: String,
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let app = context.app().await?;
    match command {
        Command::List(owner) => {
            let keys = routes(&app, &owner).await?.list("").await?;
            output.list(&keys, ["id", "name", "state", "key", "created", "last used", "from"], |key| {
                [
                    text(&key["_id"]),
                    text(&key["name"]),
                    state(key),
                    ends(key),
                    time(&key["created_at"]),
                    time(&key["last_used_at"]),
                    text(&key["last_used_from"]),
                ]
            })
        }
        Command::Create { owner, name } => {
            let made = routes(&app, &owner).await?.post("", &json!({"name": name})).await?;
            output.remark("This is the key. It is shown this once; keep it now:");
            output.result(&made, made["key"].as_str().unwrap_or_default())
        }
        Command::Show(key) => {
            let (_, key) = find(&app, &key).await?;
            output.object(&key)
        }
        Command::Disable(key) => {
            let key = act(&app, &key, "disable").await?;
            output.remark(&format!(
                "The key {} and every session of it have stopped working.",
                text(&key["name"])
            ));
            Ok(())
        }
        Command::Enable(key) => {
            let key = act(&app, &key, "enable").await?;
            output.remark(&format!("The key {} works.", text(&key["name"])));
            Ok(())
        }
        Command::Delete { key, confirmation } => {
            let (routes, key) = find(&app, &key).await?;
            let name = text(&key["name"]);
            confirmation.ask(&format!("The key {name} ({}) will be deleted, for good.", id(&key)))?;
            routes.delete(&format!("/{}", segment(id(&key)))).await?;
            output.remark(&format!("The key {name} is deleted."));
            Ok(())
        }
        Command::Import(options) => import::keys(&options, &app, context).await,
    }
}

/// The routes of the keys of this owner.
async fn routes<'c>(app: &App<'c>, owner: &OwnerOption) -> Result<Scope<'c>, Failure> {
    match &owner.user {
        None => Ok(app.routes.below("/api_keys")),
        Some(user) => {
            let user = users::find(app, user).await?;
            Ok(app.own.below(&users::path(&user, "/api_keys")))
        }
    }
}

async fn find<'c>(app: &App<'c>, key: &KeyOption) -> Result<(Scope<'c>, Value), Failure> {
    let routes = routes(app, &key.owner).await?;
    let keys = routes.list("").await?;
    let key = named(&keys, "key", &key.key)?.clone();
    Ok((routes, key))
}

async fn act(app: &App<'_>, key: &KeyOption, action: &str) -> Result<Value, Failure> {
    let (routes, key) = find(app, key).await?;
    routes.put(&format!("/{}/{action}", segment(id(&key))), &json!({})).await?;
    Ok(key)
}

/// By which people recognise a key that they have.
fn ends(key: &Value) -> String {
    match (key["display_start"].as_str(), key["display_end"].as_str()) {
        (Some(start), Some(end)) => format!("{start}…{end}"),
        _ => "-".to_owned(),
    }
}
