//! Where the core runs natively: requests go through reqwest, tokens into a [`Storage`]. What a request
//! means, and what becomes of its answer, is the core's business.

use crate::storage::Storage;
use crate::value::Value;
use keystead_client_core::{Body, Change, Json, Method, Platform, Request, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE};

/// No answer of the protocol comes near this; whoever sends more is cut off.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct Native {
    pub(crate) http: reqwest::Client,
    pub(crate) storage: Box<dyn Storage>,
}

impl Platform for Native {
    type Json = Value;

    async fn send(&self, request: Request<'_, Value>) -> Result<Response<Value>, String> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.http.request(method, request.url).header(ACCEPT, "application/json");
        if let Some(token) = request.bearer {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_text());
        }
        let mut response = builder.send().await.map_err(|error| reason(&error))?;
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let bytes = read(&mut response).await?;
        Ok(Response {
            status: status.as_u16(),
            status_text: status.canonical_reason().unwrap_or_default().to_owned(),
            body: body(content_type, bytes.as_deref()),
        })
    }

    fn load(&self, key: &str) -> Option<String> {
        self.storage.load(key)
    }

    fn save(&self, changes: &[Change]) -> Result<(), String> {
        self.storage.save(changes)
    }

    fn device(&self) -> Value {
        Value(serde_json::json!({
            "sdk": "keystead-client",
            "sdkVersion": env!("CARGO_PKG_VERSION"),
            "platform": std::env::consts::OS,
        }))
    }
}

/// The answer's bytes; nothing if they broke off, or if there were too many.
async fn read(response: &mut reqwest::Response) -> Result<Option<Vec<u8>>, String> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= MAX_ANSWER_BYTES => {
                bytes.extend_from_slice(&chunk);
            }
            Ok(None) => return Ok(Some(bytes)),
            Err(error) if error.is_timeout() => return Err(reason(&error)),
            Ok(Some(_)) | Err(_) => return Ok(None),
        }
    }
}

fn body(content_type: Option<String>, bytes: Option<&[u8]>) -> Body<Value> {
    match (content_type, bytes) {
        (_, Some([])) | (None, Some(_)) => Body::Empty,
        (Some(content_type), Some(bytes)) if content_type.starts_with("application/json") => {
            serde_json::from_slice(bytes).map_or(Body::Malformed, |value| Body::Json(Value(value)))
        }
        (Some(content_type), Some(_)) => Body::Other { content_type },
        (_, None) => Body::Malformed,
    }
}

/// What the connection said, down to its cause: reqwest's own sentence names only the request, which
/// the core names already.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
