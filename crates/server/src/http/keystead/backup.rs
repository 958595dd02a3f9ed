//! The backup: a copy is made, and then sent. Its digest is in a header, so that whoever loads it down can
//! tell whether it arrived whole.

use super::hex;
use crate::domain::backup;
use crate::error::Error;
use crate::http::admin::ServerAdministrator;
use crate::http::describe::{Answers, Definitions, Operation};
use crate::state::ThreadState;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

const SHA256: HeaderName = HeaderName::from_static("x-keystead-sha256");
const PART: usize = 256 * 1024;
/// Who takes no part of it for so long has gone away, and the copy takes room.
const PATIENCE: Duration = Duration::from_mins(1);

/// The copy.
pub(in crate::http) struct Copy(Response);

impl IntoResponse for Copy {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Answers for Copy {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answer(200, "application/octet-stream", json!({}));
    }
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
) -> Result<Copy, Error> {
    let copy = backup::make(&state, &by).await?;
    let digest =
        HeaderValue::from_str(&hex(&copy.sha256)).map_err(|error| Error::Internal(error.to_string()))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_LENGTH, HeaderValue::from(copy.length)),
        (SHA256, digest),
    ];
    let (parts, sent) = mpsc::channel(2);
    // Not by the connection itself, which does not look at the time while its peer takes nothing.
    tokio::spawn(send(tokio::fs::File::from_std(copy.file), parts));
    let body = stream::unfold(sent, async |mut sent| sent.recv().await.map(|part| (part, sent)));
    Ok(Copy((headers, Body::from_stream(body)).into_response()))
}

async fn send(mut file: tokio::fs::File, parts: mpsc::Sender<io::Result<Bytes>>) {
    let deadline = tokio::time::Instant::now() + backup::TIME_LIMIT;
    loop {
        let mut part = Vec::with_capacity(PART);
        let read = (&mut file).take(PART as u64).read_to_end(&mut part).await;
        let (last, part) = match read {
            Ok(0) => return,
            Ok(_) => (false, Ok(Bytes::from(part))),
            Err(error) => (true, Err(error)),
        };
        let patience = deadline.min(tokio::time::Instant::now() + PATIENCE);
        let taken = tokio::time::timeout_at(patience, parts.send(part)).await;
        if last || !matches!(taken, Ok(Ok(()))) {
            return;
        }
    }
}
