//! The description as `OpenAPI` 3.1.

use super::{About, Definitions, Operation, Published, Token, WrittenJson};
use crate::http::route::{Described, Route};
use axum::http::{Method, StatusCode};
use keystead_protocol::error::ErrorBody;
use keystead_protocol::provider::ProviderType;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Written once: it is the same for every request.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document(crate::http::all_routes()).to_string());

/// `/openapi.json`.
pub(in crate::http) async fn openapi() -> Published<WrittenJson<Value>> {
    Published(WrittenJson::new(DOCUMENT.clone().into_bytes()))
}

fn document(routes: impl IntoIterator<Item = Route>) -> Value {
    let mut schemas = Definitions::new();
    let error = schemas.answers.subschema_for::<ErrorBody>().to_value();
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    for Route { path, methods, described, .. } in routes {
        let mut item = Map::new();
        for (method, described) in methods.iter().zip(described) {
            let tag = tag(path);
            if !tags.contains(&tag) {
                tags.push(tag.clone());
            }
            let operation = operation(path, method, &described, &tag, &error, &mut schemas);
            item.insert(method.as_str().to_ascii_lowercase(), operation);
        }
        paths.insert(path.to_owned(), Value::Object(item));
    }
    let mut definitions = schemas.requests.take_definitions(true);
    definitions.extend(schemas.answers.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keystead",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The client and admin interfaces of App Services, and what Keystead adds to them.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": { "schemas": definitions, "securitySchemes": security_schemes() },
    })
}

fn security_schemes() -> Value {
    let scheme = |description: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description });
    json!({
        "access": scheme("The access token of a user's session."),
        "refresh": scheme("The refresh token of a user's session."),
        "admin_access": scheme("The access token of an administrator's session."),
        "admin_refresh": scheme("The refresh token of an administrator's session."),
    })
}

impl Token {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::AdminAccess => "admin_access",
            Self::AdminRefresh => "admin_refresh",
        }
    }
}

fn operation(
    path: &str,
    method: &Method,
    Described { about, describe }: &Described,
    tag: &str,
    error: &Value,
    schemas: &mut Definitions,
) -> Value {
    let mut operation = Operation::default();
    describe(&mut operation, schemas);
    let About { summary, errors, token, body, text } = about;
    // Any request may come at a bad moment.
    operation.errors(&[408, 500, 503]);
    operation.errors(errors);
    if let Some(token) = token {
        operation.token(*token, true);
    }
    let body = operation.body.or_else(|| body.map(|body| body(schemas)));
    let mut parameters: Vec<_> = path.split('/').filter_map(path_parameter).collect();
    if !parameters.is_empty() {
        operation.errors.insert(404);
    }
    parameters.append(&mut operation.query);
    let mut responses = Map::new();
    for (status, answer) in operation.answers {
        let content = answer.map(|(media_type, schema)| json!({ media_type: { "schema": schema } }));
        responses.insert(status.to_string(), response(status, content));
    }
    for status in operation.errors {
        let content = json!({ "application/json": { "schema": error } });
        responses.insert(status.to_string(), response(status, Some(content)));
    }
    let mut described = json!({
        "operationId": operation_id(path, method),
        "summary": summary,
        "tags": [tag],
        "parameters": parameters,
        "security": security(operation.token),
        "responses": responses,
    });
    if let Some(schema) = body {
        described["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
    }
    if *text {
        described["requestBody"] = json!({ "content": { "text/plain": { "schema": { "type": "string" } } } });
    }
    described
}

fn security(token: Option<(Token, bool)>) -> Value {
    match token {
        None => json!([]),
        Some((token, true)) => json!([{ token.scheme(): [] }]),
        Some((token, false)) => json!([{}, { token.scheme(): [] }]),
    }
}

fn response(status: u16, content: Option<Value>) -> Value {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut response = json!({ "description": reason.unwrap_or("Answered") });
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}

/// The parameter that a segment of a path is.
fn path_parameter(segment: &str) -> Option<Value> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    let schema = match name {
        "provider" => json!({ "enum": ProviderType::ALL }),
        "client_app_id" | "service" | "email" => json!({ "type": "string", "minLength": 1 }),
        _ => json!({ "type": "string", "pattern": "^[0-9a-f]{24}$" }),
    };
    Some(json!({ "name": name, "in": "path", "required": true, "schema": schema }))
}

/// The words of the path that tell it from others.
fn words(path: &str) -> impl Iterator<Item = &str> {
    let told = ["", "api", "v1", "v1.0", "v2.0", "v3.0", "groups", "{group_id}"];
    path.split('/').filter(move |word| !told.contains(word))
}

fn operation_id(path: &str, method: &Method) -> String {
    let words = words(path).map(|word| word.trim_matches(['{', '}', '.']).replace(['-', '.'], "_"));
    std::iter::once(method.as_str().to_ascii_lowercase()).chain(words).collect::<Vec<_>>().join("_")
}

/// Whom a path is for, and what it is about.
fn tag(path: &str) -> String {
    let about =
        words(path).skip(1).find(|word| !word.starts_with('{') && !["app", "apps", "auth"].contains(word));
    match words(path).next() {
        Some("client") => match about {
            Some("providers") if path.contains("local-userpass") => "Clients: email and password".into(),
            Some("api_keys") => "Clients: API keys".into(),
            Some("functions" | "push") => "Clients: functions".into(),
            _ => "Clients: sessions".into(),
        },
        Some(admin @ ("admin" | "keystead")) => {
            let whom = if admin == "admin" { "Administrators" } else { "Keystead" };
            let about =
                if path.contains("/v3.0/auth/") { "sessions" } else { about.unwrap_or("applications") };
            format!("{whom}: {}", about.replace('_', " "))
        }
        _ => "Operators".into(),
    }
}
