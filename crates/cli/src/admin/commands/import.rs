use crate::admin::app::App;
use crate::admin::{Context, exit::Failure};
use clap::Args;
pub(super) const USERS_HELP: &str = "Examples:";
pub(super) const KEYS_HELP: &str = "Examples:";
#[derive(Args)]
pub(crate) struct ImportOptions {}
pub(super) async fn users(_: &ImportOptions, _: &App<'_>, _: &Context) -> Result<(), Failure> { Ok(()) }
pub(super) async fn keys(_: &ImportOptions, _: &App<'_>, _: &Context) -> Result<(), Failure> { Ok(()) }
