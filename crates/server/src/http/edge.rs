//! What happens around every request, in one layer: a request id, the time limit, cross-origin
//! permission, panics, the body of errors, response headers, metrics and the log line.
//!
//! It is around all routes and not around each of them, because every layer of a route costs a request
//! two allocations and a dynamic call. It also finds the route, for its metrics and its handler: axum's
//! own router would look it up once more, and copy the parameters of the path.

use super::cors::CrossOrigin;
use super::error::{Failure, error_response};
use super::extract::Arrival;
use super::log_entry::{self, Outcome};
use crate::domain::request_notes::{self, RequestNotes};
use crate::error::Error;
use crate::metrics::RouteMetrics;
use crate::state::{ServerState, ThreadState};
use axum::body::{Body, HttpBody as _};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, USER_AGENT, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use axum::routing::future::RouteFuture;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use keystead_protocol::id::RequestId;
use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tower::Service;

/// A request that takes longer, body included, is ended; one that calls a function has the function's time
/// besides.
const TIME_LIMIT: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-appservices-request-id");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// What the connections of a thread share.
pub(super) struct Shared {
    pub(super) state: Arc<ServerState>,
    /// Where in `routes` a path's is. What is no route has the first.
    pub(super) by_path: matchit::Router<usize>,
    pub(super) routes: Vec<Served>,
}

/// For one request.
pub(super) fn time_limit(state: &ServerState) -> Duration {
    TIME_LIMIT + state.settings.functions.limits.wall
}

/// What is to be done at a path.
pub(super) struct Served {
    /// Locked only to begin a request, which axum does not do with a shared reference; and only one
    /// thread ever does.
    methods: Mutex<MethodRouter>,
    metrics: RouteMetrics,
    time_limit: Duration,
}

impl Served {
    pub(super) fn new(
        path: &'static str,
        methods: MethodRouter<ThreadState>,
        time_limit: Duration,
        state: &ThreadState,
    ) -> Self {
        let methods = Mutex::new(methods.with_state(Arc::clone(state)));
        Self { methods, metrics: state.metrics.route(path), time_limit }
    }

    fn begin(&self, request: Request<Incoming>) -> RouteFuture<Infallible> {
        self.methods.lock().unwrap_or_else(PoisonError::into_inner).call(request)
    }
}

/// The server as one connection sees it. It is counted for each connection, because a count that all
/// connections share goes from processor to processor with every request.
pub(crate) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: SocketAddr,
}

impl Connection {
    /// Answers a request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let exchange = Exchange::begin(self, &request);
        let connection = &exchange.connection;
        let preflight = exchange
            .cross_origin
            .as_ref()
            .and_then(|cross_origin| cross_origin.preflight(&connection.shared.state, request.uri().path()));
        if let Some(permission) = preflight {
            let response = match permission {
                Ok(headers) => (StatusCode::NO_CONTENT, headers).into_response(),
                Err(()) => Error::OriginNotAllowed.into_response(),
            };
            return Ok(exchange.finish(response, RequestNotes::default()));
        }
        request.extensions_mut().insert(Arrival {
            address: exchange.address,
            route: exchange.metrics().route,
            request_id: exchange.id,
        });
        let handled = exchange.route().begin(request);
        let handled = request_notes::scope(AssertUnwindSafe(handled).catch_unwind());
        let mut handled = pin!(handled);
        let deadline = exchange.began + exchange.route().time_limit;
        let response = match tokio::time::timeout_at(deadline, handled.as_mut()).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_panic)) => Error::Internal("a handler panicked".into()).into_response(),
            Err(_elapsed) => Error::TimedOut.into_response(),
        };
        let notes = handled.take_value().map(RefCell::into_inner).unwrap_or_default();
        Ok(exchange.finish(response, notes))
    }
}

/// A request and what is to be known of it when it is answered.
struct Exchange {
    connection: Arc<Connection>,
    route: usize,
    id: RequestId,
    method: Method,
    target: Option<PathAndQuery>,
    address: IpAddr,
    user_agent: Option<HeaderValue>,
    cross_origin: Option<CrossOrigin>,
    began: Instant,
}

impl Exchange {
    fn begin<B>(connection: Arc<Connection>, request: &Request<B>) -> Self {
        let Shared { state, by_path, .. } = &*connection.shared;
        let (peer, headers) = (connection.peer.ip(), request.headers());
        Self {
            target: request.uri().path_and_query().cloned(),
            address: super::client_address(peer, headers, &state.settings.trusted_proxies),
            user_agent: headers.get(USER_AGENT).cloned(),
            route: by_path.at(request.uri().path()).map_or(0, |route| *route.value),
            id: state.ids.next(state.clock.now()),
            method: request.method().clone(),
            cross_origin: CrossOrigin::of(request),
            began: Instant::now(),
            connection,
        }
    }

    fn route(&self) -> &Served {
        &self.connection.shared.routes[self.route]
    }

    fn metrics(&self) -> &RouteMetrics {
        &self.route().metrics
    }

    fn finish(self, mut response: Response, notes: RequestNotes) -> Response {
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let allow = response.headers_mut().remove(ALLOW);
            response = Error::MethodNotAllowed.into_response();
            response.headers_mut().extend(allow.map(|allow| (ALLOW, allow)));
        }
        let failure = response.extensions_mut().remove::<Failure>();
        if let Some(failure) = &failure {
            response = self.error_response(failure, response);
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_bytes(&self.id.object_id().to_hex()) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        // Most answers have a token, a secret or somebody's data in them; the few that may be kept
        // say so themselves.
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        if let Some(cross_origin) = &self.cross_origin
            && !failure.as_ref().is_some_and(|failure| matches!(*failure.0, Error::OriginNotAllowed))
        {
            cross_origin.allow(headers);
        }
        let elapsed = self.began.elapsed();
        self.metrics().answered(response.status().as_u16(), elapsed.as_secs_f64());
        self.log(&response, failure.as_ref(), elapsed);
        self.log_for_app(&response, failure.as_ref(), notes);
        response
    }

    /// The answer in the place of `draft`, which has no body and says so.
    fn error_response(&self, failure: &Failure, mut draft: Response) -> Response {
        draft.headers_mut().remove(CONTENT_LENGTH);
        let mut response =
            error_response(&failure.0, &self.connection.shared.state.public_url, self.id, &draft);
        if self.method == Method::HEAD {
            let length = response.body().size_hint().exact();
            let length = length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length)));
            response.headers_mut().extend(length);
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Keeps what the administrators of an application are told.
    fn log_for_app(&self, response: &Response, failure: Option<&Failure>, notes: RequestNotes) {
        let Some(app_id) = notes.app_id else { return };
        let outcome = Outcome { status: response.status(), error: failure.map(|failure| &*failure.0) };
        if !log_entry::is_kept(&self.method, self.metrics().route, &notes, &outcome) {
            return;
        }
        let state = &self.connection.shared.state;
        let Some(app) = state.apps().by_app_id(app_id) else { return };
        let request = log_entry::Request {
            co_id: self.id,
            method: &self.method,
            route: self.metrics().route,
            path: self.target.as_ref().map(PathAndQuery::path).unwrap_or_default(),
            address: self.address,
            user_agent: self.user_agent.as_ref().and_then(|agent| agent.to_str().ok()),
        };
        state.app_logs.add(app_id, request.entry(&app, state.clock.now(), notes, &outcome));
    }

    fn log(&self, response: &Response, failure: Option<&Failure>, elapsed: Duration) {
        let (co_id, method, route) = (self.id, &self.method, self.metrics().route);
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
