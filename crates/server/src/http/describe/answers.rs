//! The forms of answers, each with its description.

use super::{Answers, Definitions, Operation};
use crate::error::Error;
use axum::Json;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, NoContent, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::marker::PhantomData;

pub(super) const JSON: &str = "application/json";

/// 201, and what was made.
pub(in crate::http) struct Created<T>(pub(in crate::http) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 201, and nothing of what was made.
pub(in crate::http) struct CreatedEmpty;

impl IntoResponse for CreatedEmpty {
    fn into_response(self) -> Response {
        StatusCode::CREATED.into_response()
    }
}

/// 202, and nothing yet.
pub(in crate::http) struct AcceptedEmpty;

impl IntoResponse for AcceptedEmpty {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

impl Answers for AcceptedEmpty {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answers.insert(202, None);
    }
}

/// A `T` that is JSON already.
pub(in crate::http) struct WrittenJson<T, const STATUS: u16 = 200> {
    json: Vec<u8>,
    of: PhantomData<T>,
}

impl<T, const STATUS: u16> WrittenJson<T, STATUS> {
    pub(in crate::http) fn new(json: Vec<u8>) -> Self {
        Self { json, of: PhantomData }
    }

    /// For what is not to be kept until it is written.
    pub(in crate::http) fn of<U: Serialize>(value: &U) -> Result<Self, Error> {
        let json = serde_json::to_vec(value).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self::new(json))
    }
}

impl<T, const STATUS: u16> IntoResponse for WrittenJson<T, STATUS> {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json));
        *response.status_mut() = StatusCode::from_u16(STATUS).unwrap_or_default();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        response
    }
}

/// What anybody may know, and keep for five minutes.
pub(in crate::http) struct Published<T>(pub(in crate::http) T);

impl<T: IntoResponse> IntoResponse for Published<T> {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, "public, max-age=300")], self.0).into_response()
    }
}

impl<T: Answers> Answers for Published<T> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        T::describe(operation, schemas);
    }
}

fn json<T: JsonSchema>(status: u16, operation: &mut Operation, schemas: &mut Definitions) {
    let schema = schemas.answers.subschema_for::<T>().to_value();
    operation.answers.insert(status, Some((JSON, schema)));
}

impl<T: JsonSchema> Answers for Json<T> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        json::<T>(200, operation, schemas);
    }
}

impl<T: JsonSchema> Answers for Created<T> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        json::<T>(201, operation, schemas);
    }
}

impl<T: JsonSchema, const STATUS: u16> Answers for WrittenJson<T, STATUS> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        json::<T>(STATUS, operation, schemas);
    }
}

impl Answers for CreatedEmpty {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answers.insert(201, None);
    }
}

impl Answers for NoContent {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.answers.insert(204, None);
    }
}

/// Every operation may fail; how, others say.
impl Answers for Error {
    fn describe(_: &mut Operation, _: &mut Definitions) {}
}

/// That of an operation that never succeeds.
impl Answers for () {
    fn describe(_: &mut Operation, _: &mut Definitions) {}
}

impl<T: Answers> Answers for Result<T, Error> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        T::describe(operation, schemas);
    }
}
