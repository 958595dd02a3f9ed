//! Cross-origin requests (protocol §1.10). The SDKs run in pages of other origins, so every origin
//! may call unless the application lists its own. No cookie is ever used.

use crate::state::ServerState;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request};

const CLIENT_API: &str = "/api/client/v2.0/";
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const DEFAULT_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, accept");
const EXPOSED: HeaderValue =
    HeaderValue::from_static("x-appservices-request-id, x-baas-location, retry-after");
const ONE_DAY: HeaderValue = HeaderValue::from_static("86400");

/// What a request says of its origin.
pub(super) struct CrossOrigin {
    origin: HeaderValue,
    preflight: Option<HeaderMap>,
}

impl CrossOrigin {
    /// `None` for requests that no browser page sent, and outside the client API.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let headers = request.headers();
        let origin = headers.get(ORIGIN)?.clone();
        if !request.uri().path().starts_with(CLIENT_API) {
            return None;
        }
        let is_preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let preflight = is_preflight.then(|| {
            let mut answer = HeaderMap::new();
            let wanted = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.unwrap_or(DEFAULT_HEADERS));
            answer.insert(ACCESS_CONTROL_MAX_AGE, ONE_DAY);
            answer
        });
        Some(Self { origin, preflight })
    }

    /// Whether the browser only asks for permission. Such a request has no token, so for routes
    /// that find their application by token it is enough that one application allows the origin.
    pub(super) fn preflight(&self, state: &ServerState, path: &str) -> Option<Result<HeaderMap, ()>> {
        let preflight = self.preflight.as_ref()?;
        let origin = self.origin.to_str().unwrap_or_default();
        let app = path.strip_prefix(CLIENT_API).and_then(|rest| rest.strip_prefix("app/"));
        let allowed = match app.and_then(|rest| rest.split('/').next()) {
            Some(id) => state.apps().by_client_app_id(id).is_none_or(|app| app.config.allows_origin(origin)),
            None => state.apps().iter().any(|app| app.config.allows_origin(origin)),
        };
        Some(if allowed { Ok(preflight.clone()) } else { Err(()) })
    }

    /// Lets the page read the answer.
    pub(super) fn allow(&self, answer: &mut HeaderMap) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        answer.append(VARY, HeaderValue::from_static("origin"));
    }
}
