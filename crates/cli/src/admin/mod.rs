//! Everything under `keystead` that works against a running server, through its Admin API.
//!
//! A command comes in as what clap read, asks the server, and goes out as output and an exit code.
//! Rules are the server's: nothing here decides what an administrator may do.

mod app;
mod client;
mod commands;
mod config_file;
mod confirm;
mod connection;
mod exit;
mod import;
mod output;
mod secret_input;
mod time;

use app::App;
use clap::{Args, Subcommand};
use client::Client;
use commands::{
    admin_keys, apps, audit, backup, doctor, functions, keys, login, providers, secrets, sessions, users,
};
use connection::{AppOption, ConnectionOptions, connection_help};
use exit::{Failure, exit_codes};
use futures_util::FutureExt as _;
use output::Output;
use std::process::ExitCode;

/// What every help text of these commands ends with.
const HELP: &str = concat!(connection_help!(), "\n\n", exit_codes!());

/// The doc comments are the help texts.
#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Applications: make, list and delete them.
    #[command(after_help = HELP)]
    Apps(Noun<apps::Command>),
    /// Users of an application: list, make, stop, delete and import them.
    #[command(after_help = HELP)]
    Users(AppNoun<users::Command>),
    /// API keys of users and of servers: make, list, stop, delete and import them.
    #[command(after_help = HELP)]
    Keys(AppNoun<keys::Command>),
    /// Sessions: end them.
    #[command(after_help = HELP)]
    Sessions(AppNoun<sessions::Command>),
    /// The ways to log in to an application.
    #[command(after_help = HELP)]
    Providers(AppNoun<providers::Command>),
    /// Functions of an application: list, set, delete and run them.
    #[command(after_help = HELP)]
    Functions(AppNoun<functions::Command>),
    /// Secrets of an application: list, set and delete them.
    #[command(after_help = HELP)]
    Secrets(AppNoun<secrets::Command>),
    /// Who did what: list it, and prove that the list is whole.
    #[command(after_help = HELP)]
    Audit(AppNoun<audit::Command>),
    /// Key pairs with which programs and people administer the server.
    #[command(after_help = HELP)]
    AdminKeys(Noun<admin_keys::Command>),
    /// Copy everything that the server keeps into a file, while it serves.
    #[command(after_help = concat!(
        "Examples:\n  keystead backup keystead-2026-11-01.backup\n  keystead backup \"$(date +%F).backup\" --json\n\n",
        connection_help!(), "\n\n", exit_codes!()
    ))]
    Backup(Bare<backup::BackupOptions>),
    /// Say what is wrong with the server or on the way to it, and what to do about it.
    #[command(after_help = concat!(
        "Examples:\n  keystead doctor\n  keystead doctor --url https://auth.example.com --json\n\n",
        connection_help!(), "\n\n", exit_codes!()
    ))]
    Doctor(Bare<Nothing>),
    /// Keep the credentials of an administrator in ~/.config/keystead/config.toml.
    ///
    /// The password or private key is asked for, or read from standard input. It is tried first, and
    /// the file can be read by its owner alone.
    #[command(after_help = concat!(
        "Examples:\n  keystead login --url https://auth.example.com --email admin@example.com\n  \
         keystead login --url https://auth.example.com --public-key KEY < private.key\n\n",
        exit_codes!()
    ))]
    Login(login::LoginOptions),
    /// Forget the credentials that `keystead login` kept.
    #[command(after_help = "Examples:\n  keystead logout")]
    Logout,
}

/// Commands about the whole server.
#[derive(Args)]
pub(crate) struct Noun<C: Subcommand> {
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(subcommand)]
    command: C,
}

/// Commands about one application.
#[derive(Args)]
pub(crate) struct AppNoun<C: Subcommand> {
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    app: AppOption,
    #[command(subcommand)]
    command: C,
}

/// A command without further ones below it.
#[derive(Args)]
pub(crate) struct Bare<O: Args> {
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    options: O,
}

/// No options.
#[derive(Args)]
pub(crate) struct Nothing {}

/// What commands work with.
pub(crate) struct Context {
    /// Asks the server.
    client: Client,
    /// Speaks to whoever runs the command.
    output: Output,
    /// The application that was named.
    app_id: Option<String>,
}

impl Context {
    /// The application that the command is about.
    async fn app(&self) -> Result<App<'_>, Failure> {
        app::choose(&self.client, self.app_id.as_deref()).await
    }
}

/// Does what is asked, says what came of it, and answers with the exit code.
pub(crate) fn run(command: AdminCommand) -> ExitCode {
    let output = Output::new(command.is_json());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let result = match runtime {
        // In a box, or all of it is compiled once for each way in which the runtime can block.
        Ok(runtime) => runtime.block_on(dispatch(command, output).boxed_local()),
        Err(error) => Err(Failure::Other(error.to_string())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            failure.exit_code()
        }
    }
}

async fn dispatch(command: AdminCommand, output: Output) -> Result<(), Failure> {
    let open = |connection: &ConnectionOptions, app: AppOption| {
        Ok::<_, Failure>(Context { client: Client::new(connection.resolve()?)?, output, app_id: app.app })
    };
    let whole = |connection: &ConnectionOptions| open(connection, AppOption::default());
    match command {
        AdminCommand::Apps(it) => apps::run(it.command, &whole(&it.connection)?).await,
        AdminCommand::Users(it) => users::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Keys(it) => keys::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Sessions(it) => sessions::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Providers(it) => providers::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Functions(it) => functions::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Secrets(it) => secrets::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::Audit(it) => audit::run(it.command, &open(&it.connection, it.app)?).await,
        AdminCommand::AdminKeys(it) => admin_keys::run(it.command, &whole(&it.connection)?).await,
        AdminCommand::Backup(it) => backup::run(&it.options, &whole(&it.connection)?).await,
        AdminCommand::Doctor(it) => doctor::run(&whole(&it.connection)?).await,
        AdminCommand::Login(options) => login::log_in(&options, output).await,
        AdminCommand::Logout => login::log_out(output),
    }
}

impl AdminCommand {
    fn is_json(&self) -> bool {
        let connection = match self {
            Self::Apps(it) => &it.connection,
            Self::Users(it) => &it.connection,
            Self::Keys(it) => &it.connection,
            Self::Sessions(it) => &it.connection,
            Self::Providers(it) => &it.connection,
            Self::Functions(it) => &it.connection,
            Self::Secrets(it) => &it.connection,
            Self::Audit(it) => &it.connection,
            Self::AdminKeys(it) => &it.connection,
            Self::Backup(it) => &it.connection,
            Self::Doctor(it) => &it.connection,
            Self::Login(options) => &options.connection,
            Self::Logout => return false,
        };
        connection.json
    }
}
