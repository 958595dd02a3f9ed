//! What handlers ask for: the application of the path, the session behind a token, a body, the
//! client's address. A handler whose signature names one of these does not run without it.

use crate::app_config::App;
use crate::domain::request_notes;
use crate::domain::sessions::{self, Session};
use crate::error::Error;
use crate::state::{Client, ServerState, ThreadState};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use http_body_util::LengthLimitError;
use keystead_protocol::id::{ApiKeyId, RequestId};
use keystead_protocol::session::TokenType;
use percent_encoding::percent_decode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

/// No body needs more, but for the arguments of functions.
const BODY_LIMIT: usize = 64 * 1024;

type State = ThreadState;

/// The application that the path names. Browser pages of origins that it does not allow end here.
pub(super) struct CurrentApp(pub(super) Arc<App>);

impl FromRequestParts<State> for CurrentApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let [id] = path_parameters(parts, ["client_app_id"])?;
        find_app(state, parts, &id).map(Self)
    }
}

/// The application that clients know by this id, if the page that asks may use it.
pub(super) fn find_app(state: &ServerState, parts: &Parts, id: &str) -> Result<Arc<App>, Error> {
    let app = state.apps().by_client_app_id(id).ok_or_else(|| Error::AppNotFound(id.to_owned()))?;
    request_notes::app(app.ids.app_id);
    check_caller(parts, &app)?;
    Ok(app)
}

/// The session behind the access token in the Authorization header.
pub(super) struct AccessUser(pub(super) Session);

impl FromRequestParts<State> for AccessUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        authenticate(parts, state, TokenType::Access).await.map(Self)
    }
}

/// The session behind the refresh token in the Authorization header. API keys are managed with this
/// one, not with the access token (protocol §0.6).
pub(super) struct RefreshSession(pub(super) Session);

impl FromRequestParts<State> for RefreshSession {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        authenticate(parts, state, TokenType::Refresh).await.map(Self)
    }
}

/// The session behind the token of this type, and that the page it is used from is allowed.
pub(super) async fn authenticate(
    parts: &Parts,
    state: &ServerState,
    wanted: TokenType,
) -> Result<Session, Error> {
    let session = sessions::authenticate(state, bearer(&parts.headers)?, wanted).await?;
    check_caller(parts, &session.app)?;
    Ok(session)
}

/// The token in the Authorization header (RFC 6750 §2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let header = headers.get(AUTHORIZATION).ok_or(Error::NotAuthenticated)?;
    let header = header.to_str().map_err(|_| Error::EmptyBearer)?;
    let (scheme, token) = header.split_once(' ').ok_or(Error::EmptyBearer)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Error::EmptyBearer);
    }
    Ok(token)
}

/// Whether the application may be used from this page, if it is a page that asks, and from this address.
/// Requests without an Origin header do not come from a page (protocol §1.10).
fn check_caller(parts: &Parts, app: &App) -> Result<(), Error> {
    if let Some(origin) = parts.headers.get(ORIGIN)
        && !app.config.allows_origin(origin.to_str().unwrap_or_default())
    {
        return Err(Error::OriginNotAllowed);
    }
    // Most applications have no list, and nobody's address is looked for then.
    if app.config.access_list.is_none() {
        return Ok(());
    }
    let address = arrival(parts)?.address;
    if app.config.allows_address(address) { Ok(()) } else { Err(Error::AddressNotAllowed) }
}

/// What the edge of the server tells the extractors below of a request.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    /// Of the client, behind trusted proxies.
    pub(super) address: IpAddr,
    /// The path of the route, with its parameters' names.
    pub(super) route: &'static str,
    pub(super) request_id: RequestId,
}

fn arrival(parts: &Parts) -> Result<Arrival, Error> {
    parts.extensions.get().copied().ok_or_else(|| Error::Internal("no arrival".into()))
}

/// Parameters of the path, percent-decoded. Each is a whole segment of its route.
pub(super) fn path_parameters<'p, const N: usize>(
    parts: &'p Parts,
    names: [&str; N],
) -> Result<[Cow<'p, str>; N], Error> {
    let Arrival { route, .. } = parts.extensions.get().ok_or(Error::RouteNotFound)?;
    let mut values = [const { Cow::Borrowed("") }; N];
    // By bytes, because searching short texts for a character costs several times as much.
    let segments = |path: &'p str| path.as_bytes().split(|byte| *byte == b'/');
    for (pattern, segment) in segments(route).zip(segments(parts.uri.path())) {
        let [b'{', name @ .., b'}'] = pattern else { continue };
        if let Some(index) = names.iter().position(|wanted| wanted.as_bytes() == name) {
            values[index] = percent_decode(segment).decode_utf8().map_err(|_| Error::RouteNotFound)?;
        }
    }
    Ok(values)
}

/// Whether the route has this parameter.
pub(super) fn has_parameter(parts: &Parts, name: &str) -> bool {
    let is_it =
        |segment: &str| segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name);
    parts.extensions.get::<Arrival>().is_some_and(|arrival| arrival.route.split('/').any(is_it))
}

/// The query string, parsed.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<State> for Parameters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(parameters)| Self(parameters)).map_err(|_| Error::InvalidQuery)
    }
}

/// Who sends the request.
pub(super) struct ClientInfo {
    address: IpAddr,
    user_agent: Option<HeaderValue>,
    request_id: RequestId,
}

impl ClientInfo {
    /// The same, borrowed.
    pub(super) fn client(&self) -> Client<'_> {
        let user_agent = self.user_agent.as_ref().and_then(|agent| agent.to_str().ok());
        Client { address: self.address, user_agent, request_id: self.request_id }
    }
}

impl FromRequestParts<State> for ClientInfo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Error> {
        let Arrival { address, request_id, .. } = arrival(parts)?;
        let user_agent = parts.headers.get(USER_AGENT).cloned();
        Ok(Self { address, user_agent, request_id })
    }
}

/// The body as bytes, at most `LIMIT`.
pub(super) struct RawBody<const LIMIT: usize = BODY_LIMIT>(pub(super) Bytes);

impl<const LIMIT: usize> FromRequest<State> for RawBody<LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &State) -> Result<Self, Error> {
        let declared = request.headers().get(CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > LIMIT) {
            return Err(Error::BodyTooLarge(LIMIT));
        }
        read(request.into_body(), LIMIT).await.map(Self)
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Error> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if too_large { Error::BodyTooLarge(limit) } else { Error::BodyIncomplete }
    })
}

/// The body as JSON, whatever its content type says (protocol §0.19).
pub(super) struct JsonBody<T, const LIMIT: usize = BODY_LIMIT>(pub(super) T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<State> for JsonBody<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &State) -> Result<Self, Error> {
        let RawBody(body) = RawBody::<LIMIT>::from_request(request, state).await?;
        parse(&body).map(Self)
    }
}

/// The body that names an API key which is to be made.
#[derive(Deserialize, JsonSchema)]
pub(super) struct KeyName {
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9_-]{1,64}$"))]
    name: Value,
}

impl KeyName {
    /// Whatever is no string is as good as no name: SDKs know one sentence for both.
    pub(super) fn text(self) -> Result<String, Error> {
        match self.name {
            Value::String(name) => Ok(name),
            _ => Err(Error::ApiKeyNameMissing),
        }
    }
}

/// The API key that the path names. What is no id is nobody's key.
pub(super) struct KeyOfPath(pub(super) ApiKeyId);

impl FromRequestParts<State> for KeyOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Error> {
        let [key_id] = path_parameters(parts, ["key_id"]).map_err(|_| Error::ApiKeyNotFound)?;
        key_id.parse().map(Self).map_err(|_| Error::ApiKeyNotFound)
    }
}

/// Reads a body; an empty one is an empty object, as some clients send none (protocol §0.19).
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = body.trim_ascii();
    let body = if body.is_empty() { b"{}" } else { body };
    // serde would also fill a struct from a list, member by member.
    if body.first() != Some(&b'{') {
        return Err(Error::InvalidBody("a JSON object is expected".into()));
    }
    serde_json::from_slice(body).map_err(|error| Error::InvalidBody(harmless(&error)))
}

/// What is wrong with a body, without what is in it: the value that serde would quote may be a
/// password in the wrong place.
fn harmless(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if message.starts_with("missing field") {
        return message;
    }
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("a value of another type is expected at line {line} column {column}")
        }
        _ => format!("malformed JSON at line {line} column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(path: &str) -> Result<[String; 2], Error> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        request.extensions_mut().insert(Arrival {
            address: [127, 0, 0, 1].into(),
            route: "/app/{id}/in/{name}/end",
            request_id: RequestId::from(keystead_protocol::id::ObjectId::from_bytes([0; 12])),
        });
        let (parts, _) = request.into_parts();
        path_parameters(&parts, ["name", "id"]).map(|values| values.map(Cow::into_owned))
    }

    #[test]
    fn parameters_of_a_path_are_found_by_name_and_decoded() {
        assert_eq!(parameters("/app/7/in/a%20b%2Fc/end?id=8").unwrap(), ["a b/c", "7"]);
        assert!(matches!(parameters("/app/7/in/%ff/end"), Err(Error::RouteNotFound)));
    }
}
