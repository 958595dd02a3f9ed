//! `/docs`: the description, readable. One file that asks for nothing but `/openapi.json`, and may run nothing but
//! its own script.

use super::{Answers, Definitions, Operation, Published};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const PAGE: &str = include_str!("docs.html");

/// The script is named by its digest, so that it cannot be another one.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let script = PAGE.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>"));
    let digest = BASE64.encode(Sha256::digest(script.map_or("", |(script, _)| script)));
    format!(
        "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
});

/// A page for people.
pub(in crate::http) struct Page<T>(pub(in crate::http) T);

impl<T: IntoResponse> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<T> Answers for Page<T> {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answers.insert(200, Some(("text/html", json!({ "type": "string" }))));
    }
}

/// See the module.
pub(in crate::http) async fn docs() -> Published<Page<impl IntoResponse>> {
    Published(Page(([(CONTENT_SECURITY_POLICY, POLICY.as_str())], Html(PAGE))))
}
