//! `/functions/call` and push registration (protocol §1.8). Services are not run, so each is one that does
//! not exist.

use crate::app_config::App;
use crate::domain::functions::{self, FunctionCall};
use crate::domain::sessions::{self, Session};
use crate::error::Error;
use crate::http::describe::{WrittenJson, refusing};
use crate::http::extract::{ClientInfo, CurrentApp, Parameters, RawBody, bearer, parse, path_parameters};
use crate::state::{Client, ServerState, ThreadState};
use axum::extract::{FromRequestParts, State};
use axum::http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keystead_protocol::session::TokenType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Of a call with its arguments. Enough for a picture, and little enough to hold in memory.
const BODY_LIMIT: usize = 1024 * 1024;

/// Credentials: a function is told who calls, and has no use for what proves it.
const WITHHELD: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct Call {
    name: String,
    #[serde(default)]
    arguments: Vec<Value>,
    #[serde(default)]
    service: Option<String>,
}

pub(in crate::http) async fn call(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    client: ClientInfo,
    parts: Parts,
    RawBody(body): RawBody<BODY_LIMIT>,
) -> Result<WrittenJson<Value>, Error> {
    let session = check_caller(&state, &app, &parts.headers, None).await?;
    let Call { name, arguments, service } = parse(&body)?;
    if let Some(service) = service {
        return Err(Error::ServiceNotFound(service));
    }
    let request = request_of(&parts, &client.client());
    let answer = functions::call(&state, &session, FunctionCall { name, arguments }, request).await?;
    Ok(WrittenJson::new(answer.to_string().into_bytes()))
}

/// `context.request` (protocol §9).
fn request_of(parts: &Parts, client: &Client<'_>) -> Value {
    let mut headers = Map::new();
    for name in parts.headers.keys().filter(|name| !WITHHELD.contains(name)) {
        let values = parts.headers.get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        headers.insert(title_case(name.as_str()), values.collect());
    }
    let referrer = parts.headers.get(REFERER).and_then(|value| value.to_str().ok());
    json!({
        "remoteIPAddress": client.address.to_string(),
        "requestHeaders": headers,
        "httpMethod": parts.method.as_str(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "httpReferrer": referrer.unwrap_or_default(),
        "httpUserAgent": client.user_agent.unwrap_or_default(),
        "service": "",
        "action": "",
        "webhookUrl": "",
    })
}

/// As App Services spelled headers: `User-Agent`.
fn title_case(name: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct StreamQuery {
    #[serde(alias = "stitch_request")]
    baas_request: Option<String>,
    #[serde(alias = "stitch_at")]
    baas_at: Option<String>,
}

/// The streaming form. Its token may be in the query, because event sources cannot send headers.
pub(in crate::http) async fn stream(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    Parameters(query): Parameters<StreamQuery>,
    headers: HeaderMap,
) -> Result<(), Error> {
    check_caller(&state, &app, &headers, query.baas_at.as_deref()).await?;
    let request = query.baas_request.unwrap_or_default();
    let request =
        BASE64.decode(request).map_err(|_| Error::InvalidBody("baas_request is no base64".into()))?;
    let Call { name, service, .. } = parse(&request)?;
    Err(match service {
        Some(service) => Error::ServiceNotFound(service),
        None if app.config.functions.get(&name).is_none() => Error::FunctionNotFound(name),
        None => Error::FunctionFailed("functions do not stream their results: call them with POST".into()),
    })
}

/// The service that the path names.
pub(in crate::http) struct ServiceOfPath(String);

impl FromRequestParts<ThreadState> for ServiceOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        path_parameters(parts, ["service"]).map(|[service]| Self(service.into_owned()))
    }
}

refusing! { ServiceOfPath => [404] }

pub(in crate::http) async fn push(
    State(state): State<ThreadState>,
    CurrentApp(app): CurrentApp,
    ServiceOfPath(service): ServiceOfPath,
    headers: HeaderMap,
) -> Result<(), Error> {
    check_caller(&state, &app, &headers, None).await?;
    Err(Error::ServiceNotFound(service))
}

/// Functions are called by users of their own application. Whoever was logged out gets the answer
/// that SDKs expect here and nowhere else (protocol §3.3): exactly "unauthorized", no code.
async fn check_caller(
    state: &ServerState,
    app: &App,
    headers: &HeaderMap,
    token_of_query: Option<&str>,
) -> Result<Session, Error> {
    let session = async {
        let token = token_of_query.map_or_else(|| bearer(headers), Ok)?;
        sessions::authenticate(state, token, TokenType::Access).await
    };
    let session = session.await.map_err(|error| match error {
        Error::EmptyBearer | Error::SessionEnded => Error::TokenForged(TokenType::Access),
        other => other,
    })?;
    if session.app.ids.app_id == app.ids.app_id { Ok(session) } else { Err(Error::TokenOfAnotherApp) }
}
