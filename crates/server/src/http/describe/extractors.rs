//! What the extractors ask of requests. Those of one handler's file are described there.

use super::{Definitions, Describe, Operation, Token};
use crate::http::admin::{Admin, AdministeredApp, AdministeredGroup, ServerAdministrator};
use crate::http::extract::{
    AccessUser, ClientInfo, CurrentApp, JsonBody, KeyOfPath, Parameters, RawBody, RefreshSession,
};
use crate::state::ThreadState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde_json::{Value, json};

impl Operation {
    /// The request must have, or may have, this token.
    pub(in crate::http) fn token(&mut self, token: Token, required: bool) {
        self.token = Some((token, required));
        self.errors.insert(401);
    }

    /// The request may be refused with these.
    pub(in crate::http) fn errors(&mut self, statuses: &[u16]) {
        self.errors.extend(statuses);
    }

    /// What it is answered with, if all goes well.
    pub(in crate::http) fn answer(&mut self, status: u16, media_type: &'static str, schema: Value) {
        self.answers.insert(status, Some((media_type, schema)));
    }

    /// The query may have this parameter.
    pub(in crate::http) fn query(&mut self, name: &str, required: bool, schema: &Value) {
        self.query.push(json!({ "name": name, "in": "query", "required": required, "schema": schema }));
    }
}

/// Says of extractors with which errors they refuse, and nothing else.
macro_rules! refusing {
    ($($extractor:ty => $errors:expr),* $(,)?) => {$(
        impl $crate::http::describe::Describe for $extractor {
            fn describe(
                operation: &mut $crate::http::describe::Operation,
                _: &mut $crate::http::describe::Definitions,
            ) {
                operation.errors(&$errors);
            }
        }
    )*};
}

pub(in crate::http) use refusing;

refusing! {
    State<ThreadState> => [],
    ClientInfo => [],
    Parts => [],
    HeaderMap => [],
    KeyOfPath => [404],
    // An unknown application; a page or an address that it does not allow.
    CurrentApp => [403, 404],
}

impl Describe for AccessUser {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.token(Token::Access, true);
        operation.errors(&[403]);
    }
}

impl Describe for RefreshSession {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.token(Token::Refresh, true);
        operation.errors(&[403]);
    }
}

impl Describe for Admin {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.token(Token::AdminAccess, true);
    }
}

impl Describe for AdministeredGroup {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        Admin::describe(operation, schemas);
        operation.errors(&[404]);
    }
}

impl Describe for ServerAdministrator {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        AdministeredGroup::describe(operation, schemas);
        operation.errors(&[403]);
    }
}

impl Describe for AdministeredApp {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        AdministeredGroup::describe(operation, schemas);
    }
}

impl<const LIMIT: usize> Describe for RawBody<LIMIT> {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.errors(&[400, 408, 413]);
    }
}

impl<T: JsonSchema, const LIMIT: usize> Describe for JsonBody<T, LIMIT> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        RawBody::<LIMIT>::describe(operation, schemas);
        operation.body = Some(schemas.requests.subschema_for::<T>().to_value());
    }
}

impl<T: JsonSchema> Describe for Parameters<T> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        operation.errors(&[400]);
        let schema = T::json_schema(&mut schemas.requests).to_value();
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            operation.query(name, required(name), member);
        }
    }
}
