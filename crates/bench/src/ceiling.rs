//! The ceiling: what axum does when there is nothing to do but read a small body and answer with as
//! many bytes as Keystead would.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::any;

/// Serves `size` bytes on every path of `port`, for ever.
pub(crate) fn serve(port: u16, size: usize) -> Result<(), String> {
    let body = Bytes::from(vec![b'x'; size]);
    let hello = move |_request: Bytes| {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json")], body).into_response() }
    };
    let router = Router::new()
        .route("/api/client/v2.0/app/{app}/auth/providers/{provider}/login", any(hello.clone()))
        .route("/api/client/v2.0/auth/session", any(hello.clone()))
        .route("/api/client/v2.0/auth/api_keys", any(hello));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.map_err(|error| error.to_string())?;
        axum::serve(listener, router).await.map_err(|error| error.to_string())
    })
}
