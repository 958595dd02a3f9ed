//! `keystead sessions`.

use super::users::{find, name, path};
use crate::admin::confirm::Confirmation;
use crate::admin::{Context, exit::Failure};
use clap::Subcommand;
use serde_json::json;

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// End all sessions of a user, on every device. Their keys still open new ones.
    #[command(after_help = "Examples:
  keystead sessions revoke --user ada@example.com
  keystead sessions revoke --user 6b050440dc29d2aaccddaf5e --yes")]
    Revoke {
        /// The user's _id or email address
        #[arg(long)]
        user: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let app = context.app().await?;
    let Command::Revoke { user, confirmation } = command;
    let user = find(&app, &user).await?;
    let who = name(&user);
    confirmation.ask(&format!("{who} will have to log in again on every device."))?;
    app.routes.put(&path(&user, "/logout"), &json!({})).await?;
    context.output.remark(&format!("{who} has no session any more."));
    Ok(())
}
