//! One connection, from its acceptance to its end: TLS or not, HTTP/1 or 2, time limits for those that
//! are slow, an orderly end.

use super::workers::Draining;
use crate::http;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

const HANDSHAKE_TIME_LIMIT: Duration = Duration::from_secs(10);
/// A connection must send its first request, and the head of every request, in this time.
const HEADER_TIME_LIMIT: Duration = Duration::from_secs(15);

/// How connections are served: the same for all.
pub(super) struct Protocol {
    http: http::Http,
    tls: Option<TlsAcceptor>,
    builder: Builder<TokioExecutor>,
}

impl Protocol {
    pub(super) fn new(http: http::Http, tls: Option<TlsAcceptor>) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        let mut http1 = builder.http1();
        http1.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME_LIMIT).max_buf_size(64 * 1024);
        let mut http2 = builder.http2();
        http2.timer(TokioTimer::new()).max_concurrent_streams(128);
        http2.keep_alive_interval(Duration::from_secs(30));
        Self { http, tls, builder }
    }

    /// Serves a connection until its end.
    pub(super) async fn serve(&self, stream: std::net::TcpStream, peer: SocketAddr, mut draining: Draining) {
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        let Some(tls) = &self.tls else { return self.serve_http(stream, peer, draining).await };
        let handshake = tokio::time::timeout(HANDSHAKE_TIME_LIMIT, tls.accept(stream));
        let stream = tokio::select! {
            biased;
            _ = draining.wait_for(|draining| *draining) => return,
            handshake = handshake => handshake,
        };
        if let Ok(Ok(stream)) = stream {
            self.serve_http(stream, peer, draining).await;
        }
    }

    async fn serve_http<S>(&self, stream: S, peer: SocketAddr, mut draining: Draining)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answers = self.http.connection(peer);
        let asked = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&asked);
        let service = service_fn(move |request| {
            noted.store(true, Ordering::Relaxed);
            Arc::clone(&answers).answer(request)
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        // Serves until there is a request, as hyper has no time limit while it does not know which
        // HTTP is spoken.
        let first_request = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending if asked.load(Ordering::Relaxed) => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        });
        let first_request = tokio::time::timeout(HEADER_TIME_LIMIT, first_request);
        tokio::select! {
            biased;
            _ = draining.wait_for(|draining| *draining) => {}
            asked = first_request => if asked != Ok(true) { return },
        }
        tokio::select! {
            biased;
            _ = draining.wait_for(|draining| *draining) => {}
            _ = connection.as_mut() => return,
        }
        connection.as_mut().graceful_shutdown();
        // How a connection ended, only its peer might want to know.
        let _ = connection.await;
    }
}
