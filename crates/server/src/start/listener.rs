//! The listener: TLS or not, time limits for slow connections, a limit on their number, and an orderly
//! end.

use super::StartError;
use crate::http;
use crate::settings::TlsSettings;
use crate::state::ServerState;
use axum_server::accept::{Accept, DefaultAcceptor, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection must send its first request, and the head of every request, in this time.
const HEADER_TIME_LIMIT: Duration = Duration::from_secs(15);
/// Requests that are under way when the server stops get so long to finish.
const DRAIN_TIME_LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn serve(
    state: &Arc<ServerState>,
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let service = http::service(state);
    let handle = Handle::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        shutdown.await;
        stopping.graceful_shutdown(Some(DRAIN_TIME_LIMIT));
    });
    let failed = |error| StartError::Other(format!("the listener failed: {error}"));
    let mut server = axum_server::from_tcp(listener).map_err(failed)?.handle(handle);
    configure(&mut server);
    let server = server.first_request_timeout(HEADER_TIME_LIMIT);
    let limit = |inner| Limited { inner, state: Arc::clone(state), room: room(state) };
    match tls {
        None => server.acceptor(limit(NoDelayAcceptor::new())).serve(service).await.map_err(failed),
        Some(config) => {
            let tls = RustlsAcceptor::new(config).acceptor(limit(NoDelayAcceptor::new()));
            server.acceptor(tls).serve(service).await.map_err(failed)
        }
    }
}

/// Reads the certificate and its key, if there is to be TLS.
pub(super) async fn read_tls(settings: Option<&TlsSettings>) -> Result<Option<RustlsConfig>, StartError> {
    let Some(tls) = settings else { return Ok(None) };
    let config = RustlsConfig::from_pem_chain_file(&tls.certificate, &tls.key).await;
    config.map(Some).map_err(StartError::Tls)
}

fn configure<A>(server: &mut Server<A, DefaultAcceptor>)
where
    A: axum_server::Address,
{
    let mut http = server.http_builder().http1();
    http.header_read_timeout(HEADER_TIME_LIMIT);
    http.max_buf_size(64 * 1024);
    let mut http = server.http_builder().http2();
    http.max_concurrent_streams(128).keep_alive_interval(Duration::from_secs(30));
}

fn room(state: &ServerState) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(state.settings.max_connections))
}

/// Accepts connections while there is room for them, and closes the others at once.
#[derive(Clone)]
struct Limited {
    inner: NoDelayAcceptor,
    state: Arc<ServerState>,
    room: Arc<Semaphore>,
}

impl<S: Send + 'static> Accept<tokio::net::TcpStream, S> for Limited {
    type Stream = CountedStream;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(CountedStream, S)>> + Send>>;

    fn accept(&self, stream: tokio::net::TcpStream, service: S) -> Self::Future {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!("a connection was closed: as many are open as --max-connections allows");
            return Box::pin(std::future::ready(Err(io::Error::other("too many connections"))));
        };
        let state = Arc::clone(&self.state);
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            state.metrics.connections.inc();
            Ok((CountedStream { stream, state, _permit: permit }, service))
        })
    }
}

/// A connection that takes up room until it is closed.
struct CountedStream {
    stream: tokio::net::TcpStream,
    state: Arc<ServerState>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        self.state.metrics.connections.dec();
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
