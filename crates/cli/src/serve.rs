//! `keystead serve`.

use crate::banner;
use crate::options::ServeOptions;
use keystead_server::Server;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Serves until the process is told to stop.
pub(crate) fn run(options: ServeOptions) -> Result<(), String> {
    let options = options.with_file()?;
    start_logging(options.log.as_deref().unwrap_or("info"))?;
    let settings = options.into_settings()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        // From here on the operator's wish to stop is heard, also while starting.
        let stop = stop_signal()?;
        let server = Server::start(settings).await.map_err(|error| error.to_string())?;
        tracing::info!(address = %server.address, public_url = server.state.public_url, "serving");
        banner::show(&server);
        server.serve(stop).await.map_err(|error| error.to_string())?;
        tracing::info!("stopped");
        Ok(())
    })
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
