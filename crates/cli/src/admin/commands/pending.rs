//! `keystead users pending`: who registered and has not confirmed the address.

use super::users::pages;
use crate::admin::app::App;
use crate::admin::client::segment;
use crate::admin::confirm::Confirmation;
use crate::admin::output::text;
use crate::admin::{Context, exit::Failure};
use clap::Subcommand;
use serde_json::{Value, json};

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List them.
    #[command(after_help = "Examples:\n  keystead users pending list")]
    List {
        /// At most so many [default: all]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Confirm an address in its owner's place.
    #[command(after_help = "Examples:\n  keystead users pending confirm ada@example.com")]
    Confirm {
        /// The address
        email: String,
    },
    /// Forget a registration.
    #[command(after_help = "Examples:\n  keystead users pending delete ada@example.com --yes")]
    Delete {
        /// The address
        email: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(crate) async fn run(command: Command, app: &App<'_>, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let by_email = |email: &str| format!("/user_registrations/by_email/{}", segment(email));
    match command {
        Command::List { limit } => {
            let pending = pages(app, "/user_registrations/pending_users", "", limit).await?;
            output.list(&pending, ["id", "email"], |user| [text(&user["_id"]), addresses(user)])
        }
        Command::Confirm { email } => {
            app.routes.post(&format!("{}/confirm", by_email(&email)), &json!({})).await?;
            output.remark(&format!("{email} is confirmed and may log in."));
            Ok(())
        }
        Command::Delete { email, confirmation } => {
            confirmation.ask(&format!("The registration of {email} will be forgotten."))?;
            app.routes.delete(&by_email(&email)).await?;
            output.remark(&format!("The registration of {email} is forgotten."));
            Ok(())
        }
    }
}

fn addresses(user: &Value) -> String {
    let ids = user["login_ids"].as_array().into_iter().flatten();
    ids.filter_map(|login| login["id"].as_str()).collect::<Vec<_>>().join(", ")
}
