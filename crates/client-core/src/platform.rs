//! What the core asks of the place where it runs: JSON values, a way to send requests, a place to keep
//! tokens. Implemented by the Rust SDK (reqwest, files), the Web SDK (fetch, `localStorage`) and tests.

use crate::token::Token;
use std::fmt;
use std::future::Future;

#[cfg(not(target_arch = "wasm32"))]
mod bounds {
    /// `Send` wherever there are threads; nothing on wasm32, where JavaScript values are not `Send`.
    pub trait MaybeSend: Send {}
    impl<T: Send> MaybeSend for T {}
    /// `Sync` wherever there are threads; nothing on wasm32.
    pub trait MaybeSync: Sync {}
    impl<T: Sync> MaybeSync for T {}
}
#[cfg(target_arch = "wasm32")]
mod bounds {
    /// `Send` wherever there are threads; nothing on wasm32, where JavaScript values are not `Send`.
    pub trait MaybeSend {}
    impl<T> MaybeSend for T {}
    /// `Sync` wherever there are threads; nothing on wasm32.
    pub trait MaybeSync {}
    impl<T> MaybeSync for T {}
}
pub use bounds::{MaybeSend, MaybeSync};

/// Where a client runs.
pub trait Platform: MaybeSend + MaybeSync + 'static {
    /// The platform's own JSON value: `serde_json::Value` natively, a JavaScript value on the web.
    type Json: Json;

    /// Sends one request and reads the whole answer. The error is a sentence about the connection; an
    /// answer with any status is not an error here. Must end by itself after some time.
    fn send(
        &self,
        request: Request<'_, Self::Json>,
    ) -> impl Future<Output = Result<Response<Self::Json>, String>> + MaybeSend;

    /// What [`Platform::save`] keeps under `key`, or nothing.
    fn load(&self, key: &str) -> Option<String>;

    /// Keeps all of the changes or, where the platform can promise that, none of them. The error is a
    /// sentence that says why it cannot.
    fn save(&self, changes: &[Change]) -> Result<(), String>;

    /// What the login says of this device: an object (protocol §1.3).
    fn device(&self) -> Self::Json;

    /// Told after something changed that a program may show.
    fn changed(&self, _change: Changed<'_>) {}
}

/// A JSON value of the platform's.
pub trait Json: Clone + MaybeSend + MaybeSync + 'static {
    /// The value that `text` spells, if it is JSON.
    fn parse(text: &str) -> Option<Self>;
    /// The value in a token's part: base64url without padding, of JSON.
    fn from_base64url(text: &str) -> Option<Self>;
    /// As JSON text.
    fn to_text(&self) -> String;
    /// Null.
    fn null() -> Self;
    /// A string.
    fn text(text: &str) -> Self;
    /// Whether this is null.
    fn is_null(&self) -> bool;
    /// An array.
    fn list(items: Vec<Self>) -> Self;
    /// An object.
    fn object(members: &[(&str, Self)]) -> Self;
    /// A copy of this object in which `name` is `value`.
    #[must_use]
    fn with(&self, name: &str, value: Self) -> Self;
    /// The string, if this is one.
    fn as_text(&self) -> Option<String>;
    /// A member; null if this is not an object or has no such member.
    #[must_use]
    fn get(&self, name: &str) -> Self;
    /// The elements, if this is an array.
    fn items(&self) -> Option<Vec<Self>>;
    /// The members, if this is an object.
    fn members(&self) -> Option<Vec<(String, Self)>>;
}

/// The methods the protocol uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "HTTP defines them")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// In capitals, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, ready to be sent. Every one says `Accept: application/json`, and one with a body
/// `Content-Type: application/json`.
#[derive(Debug)]
pub struct Request<'a, J> {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: &'a str,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<&'a Token>,
    /// The body, if there is one.
    pub body: Option<&'a J>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response<J> {
    /// The HTTP status.
    pub status: u16,
    /// Its reason phrase; empty where the connection has none (HTTP/2).
    pub status_text: String,
    /// What came with it.
    pub body: Body<J>,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Body<J> {
    /// No bytes, or bytes without a content type.
    Empty,
    /// JSON, by its content type and in fact.
    Json(J),
    /// Something else, by its content type.
    Other {
        /// The content type.
        content_type: String,
    },
    /// Promised to be JSON, and not: cut off, or not JSON at all.
    Malformed,
}

/// One entry of the storage that changes.
#[derive(Clone)]
pub struct Change {
    /// Which entry.
    pub key: String,
    /// Its new value, or `None` to remove it. May be a token: not printed.
    pub value: Option<String>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed<'a> {
    /// Who is logged in, or who is current.
    Users,
    /// This user's tokens, profile or state.
    User(&'a str),
}
