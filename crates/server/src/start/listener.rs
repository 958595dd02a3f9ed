//! The listener: accepts connections while there is room for them, and comes to an orderly end.

use super::StartError;
use super::connection::Protocol;
use super::workers::Workers;
use crate::http::Http;
use crate::state::ServerState;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

/// Requests that are under way when the server stops get so long to finish.
const DRAIN_TIME_LIMIT: Duration = Duration::from_secs(20);
/// So long is waited when no connection can be accepted, for example because too many files are open.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn serve(
    state: &Arc<ServerState>,
    listener: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let failed = |error| StartError::Other(format!("the listener failed: {error}"));
    listener.set_nonblocking(true).map_err(failed)?;
    let protocol = || {
        let http = Http::new(state).map_err(|error| error.to_string())?;
        Ok(Protocol::new(http, tls.clone()))
    };
    let reception = Reception {
        state: Arc::clone(state),
        room: Arc::new(Semaphore::new(state.settings.max_connections)),
        workers: Workers::start(protocol).map_err(StartError::Other)?,
    };
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    tokio::select! {
        () = shutdown => {}
        () = reception.accept_all(&listener) => {}
    }
    // Whoever connects from now on is refused and does not hang.
    drop(listener);
    reception.workers.stop(DRAIN_TIME_LIMIT).await;
    Ok(())
}

struct Reception {
    state: Arc<ServerState>,
    room: Arc<Semaphore>,
    workers: Workers,
}

impl Reception {
    async fn accept_all(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.accept(stream, peer),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Has a connection served, or closes it at once if there is no room.
    fn accept(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!("a connection was closed: as many are open as --max-connections allows");
            return;
        };
        // Back to a plain socket, because the runtime of the thread that serves it has to watch it.
        let Ok(stream) = stream.set_nodelay(true).and_then(|()| stream.into_std()) else { return };
        let seat = Seat::take(Arc::clone(&self.state), permit);
        self.workers.spawn(|protocol, draining| async move {
            protocol.serve(stream, peer, draining).await;
            drop(seat);
        });
    }
}

/// The room that a connection takes up until it is closed.
struct Seat {
    state: Arc<ServerState>,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    fn take(state: Arc<ServerState>, permit: OwnedSemaphorePermit) -> Self {
        state.metrics.connections.inc();
        Self { state, _permit: permit }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.state.metrics.connections.dec();
    }
}
