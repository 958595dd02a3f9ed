//! The tower layer: requests with a good access token go on, all others are answered here.

use crate::error::{Refusal, VerifyError};
use crate::user::AuthenticatedUser;
use crate::verifier::Verifier;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Guards services; made by [`Verifier::layer`].
///
/// A request with `Authorization: Bearer <good access token>` reaches the service with an
/// [`AuthenticatedUser`] among its extensions. Any other is answered `401` with `WWW-Authenticate: Bearer`,
/// or `503` while the keys cannot be fetched; the body is `{"error": …, "error_code": …}`, as Keystead's own.
#[derive(Clone, Debug)]
pub struct AuthenticationLayer {
    verifier: Verifier,
}

impl AuthenticationLayer {
    pub(crate) fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authentication<S>;

    fn layer(&self, inner: S) -> Authentication<S> {
        Authentication { verifier: self.verifier.clone(), inner }
    }
}

/// A guarded service; made by [`AuthenticationLayer`].
#[derive(Clone, Debug)]
pub struct Authentication<S> {
    verifier: Verifier,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Authentication<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let verifier = self.verifier.clone();
        // The service that was ready is taken, and a clone of it waits for the next request.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            match authenticate(&verifier, request.headers()).await {
                Ok(user) => {
                    request.extensions_mut().insert(user);
                    inner.call(request).await
                }
                Err(answer) => Ok(answer.into_response()),
            }
        })
    }
}

/// What is answered instead of the service.
struct Answer {
    status: StatusCode,
    code: &'static str,
    sentence: String,
    header: (http::HeaderName, &'static str),
}

async fn authenticate(verifier: &Verifier, headers: &HeaderMap) -> Result<AuthenticatedUser, Answer> {
    let token = bearer(headers).ok_or_else(|| Answer {
        status: StatusCode::UNAUTHORIZED,
        code: "MissingAuthReq",
        sentence: "expected Authorization header with JWT (Bearer schema)".to_owned(),
        header: (WWW_AUTHENTICATE, "Bearer"),
    })?;
    verifier.verify(token).await.map_err(|error| match error {
        VerifyError::Refused(refusal) => refused(refusal),
        // What exactly is wrong is for the log, where the verifier has written it.
        VerifyError::KeysUnavailable(_) => Answer {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "KeysUnavailable",
            sentence: "access tokens cannot be verified now; try again later".to_owned(),
            header: (RETRY_AFTER, "10"),
        },
    })
}

/// `InvalidSession` is what makes the SDKs refresh their access token.
fn refused(refusal: Refusal) -> Answer {
    Answer {
        status: StatusCode::UNAUTHORIZED,
        code: "InvalidSession",
        sentence: refusal.to_string(),
        header: (WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#),
    }
}

/// The token, if there is exactly one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl Answer {
    fn into_response<R: From<String>>(self) -> Response<R> {
        let body = serde_json::json!({"error": self.sentence, "error_code": self.code});
        let mut response = Response::new(R::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(self.header.0, HeaderValue::from_static(self.header.1));
        response
    }
}
