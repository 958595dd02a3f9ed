//! What happens around every request, in one layer: a request id, the time limit, cross-origin
//! permission, panics, the body of errors, response headers, metrics and the log line.

use super::cors::CrossOrigin;
use super::error::{Failure, error_response};
use crate::error::Error;
use crate::metrics::RouteMetrics;
use crate::state::ServerState;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use keystead_protocol::id::RequestId;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tower::{Layer, Service};

/// A request that takes longer, body included, is ended.
const TIME_LIMIT: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-appservices-request-id");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The layer of one route.
#[derive(Clone)]
pub(super) struct Edge {
    state: Arc<ServerState>,
    metrics: Arc<RouteMetrics>,
}

impl Edge {
    pub(super) fn new(state: &Arc<ServerState>, route: &'static str) -> Self {
        Self { state: Arc::clone(state), metrics: Arc::new(state.metrics.route(route)) }
    }
}

impl<S> Layer<S> for Edge {
    type Service = EdgeService<S>;

    fn layer(&self, inner: S) -> EdgeService<S> {
        EdgeService { edge: self.clone(), inner }
    }
}

#[derive(Clone)]
pub(super) struct EdgeService<S> {
    edge: Edge,
    inner: S,
}

impl<S> Service<Request> for EdgeService<S>
where
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let edge = self.edge.clone();
        let exchange = Exchange::begin(&edge.state, &request);
        let cross_origin = CrossOrigin::of(&request);
        let preflight = cross_origin
            .as_ref()
            .and_then(|cross_origin| cross_origin.preflight(&edge.state, request.uri().path()));
        if let Some(permission) = preflight {
            let response = match permission {
                Ok(headers) => (StatusCode::NO_CONTENT, headers).into_response(),
                Err(()) => Error::OriginNotAllowed.into_response(),
            };
            return Box::pin(std::future::ready(Ok(edge.finish(response, &exchange, cross_origin))));
        }
        let handled = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            let response = match tokio::time::timeout(TIME_LIMIT, handled).await {
                Ok(Ok(Ok(response))) => response.into_response(),
                Ok(Err(_panic)) => Error::Internal("a handler panicked".into()).into_response(),
                Err(_elapsed) => Error::TimedOut.into_response(),
            };
            Ok(edge.finish(response, &exchange, cross_origin))
        })
    }
}

/// A request and when it came.
struct Exchange {
    id: RequestId,
    method: Method,
    began: Instant,
}

impl Exchange {
    fn begin(state: &ServerState, request: &Request) -> Self {
        let id = state.ids.next(state.clock.now());
        Self { id, method: request.method().clone(), began: Instant::now() }
    }
}

impl Edge {
    fn finish(
        &self,
        mut response: Response,
        exchange: &Exchange,
        cross_origin: Option<CrossOrigin>,
    ) -> Response {
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let allow = response.headers().get("allow").cloned();
            response = Error::MethodNotAllowed.into_response();
            response.headers_mut().extend(allow.map(|allow| (axum::http::header::ALLOW, allow)));
        }
        let failure = response.extensions_mut().remove::<Failure>();
        if let Some(failure) = &failure {
            response = error_response(&failure.0, &self.state.public_url, exchange.id, &response);
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&exchange.id.to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        // Most answers have a token, a secret or somebody's data in them; the few that may be kept
        // say so themselves.
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        if let Some(cross_origin) = cross_origin
            && !failure.as_ref().is_some_and(|failure| matches!(*failure.0, Error::OriginNotAllowed))
        {
            cross_origin.allow(headers);
        }
        let elapsed = exchange.began.elapsed();
        self.metrics.answered(response.status().as_u16(), elapsed.as_secs_f64());
        self.log(&response, exchange, failure.as_ref(), elapsed);
        response
    }

    fn log(&self, response: &Response, exchange: &Exchange, failure: Option<&Failure>, elapsed: Duration) {
        let (co_id, method, route) = (exchange.id, &exchange.method, self.metrics.route);
        let (status, seconds) = (response.status().as_u16(), elapsed.as_secs_f64());
        match failure {
            None => tracing::debug!(%co_id, %method, route, status, seconds, "answered"),
            Some(Failure(error)) if status >= 500 => {
                tracing::error!(%co_id, %method, route, status, seconds, %error, "failed");
            }
            Some(Failure(error)) => {
                tracing::info!(%co_id, %method, route, status, seconds, %error, "refused");
            }
        }
    }
}
