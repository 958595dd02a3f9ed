//! `keystead serve`.

use crate::banner;
use crate::options::ServeOptions;
use futures_util::FutureExt as _;
use keystead_server::Server;
use keystead_server::state::ServerState;
use std::io::IsTerminal as _;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Serves until the process is told to stop.
pub(crate) fn run(options: ServeOptions) -> Result<(), String> {
    let options = options.with_file()?;
    start_logging(options.log.as_deref().unwrap_or("info"))?;
    let settings = options.into_settings()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let serving = async {
        // From here on the operator's wish to stop is heard, also while starting.
        let stop = stop_signal()?;
        let reload = reload_signal()?;
        let server = Server::start(settings).await.map_err(|error| error.to_string())?;
        tracing::info!(address = %server.address, public_url = server.state.public_url, "serving");
        banner::show(&server);
        tokio::spawn(reload_on_signal(reload, Arc::clone(&server.state)));
        server.serve(stop).await.map_err(|error| error.to_string())?;
        tracing::info!("stopped");
        Ok(())
    };
    // In a box, or all of it is compiled once for each way in which the runtime can block.
    runtime.block_on(serving.boxed_local())
}

/// For people on a terminal, as JSON for everybody else.
fn start_logging(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("--log {filter}: {error}"))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        subscriber.with_target(false).init();
    } else {
        subscriber.json().flatten_event(true).with_target(false).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        // Where, not what: a message may hold what must not be logged.
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a panic: this is a bug in Keystead");
    }));
    Ok(())
}

/// Ctrl-C, and SIGTERM where there is one.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    Ok(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "Ctrl-C",
        };
        tracing::info!(signal, "stopping: finishing the requests that are under way");
    })
}

#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, String> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// SIGHUP, where there is one.
#[cfg(unix)]
fn reload_signal() -> Result<tokio::signal::unix::Signal, String> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::hangup()).map_err(|error| error.to_string())
}

#[cfg(unix)]
async fn reload_on_signal(mut signal: tokio::signal::unix::Signal, state: Arc<ServerState>) {
    while signal.recv().await.is_some() {
        tracing::info!(signal = "SIGHUP", "reading the applications again");
        state.reload_wanted.notify_one();
    }
}

#[cfg(not(unix))]
fn reload_signal() -> Result<(), String> {
    Ok(())
}

#[cfg(not(unix))]
async fn reload_on_signal(_: (), _: Arc<ServerState>) {}
