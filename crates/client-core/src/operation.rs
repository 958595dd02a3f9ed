//! Every request that is one question and one answer, as data: the client's half of the wire protocol on
//! one screen. Requests that change who is logged in are in `login.rs` and `session.rs`.

use crate::platform::{Json, Method};

/// What can be asked for. The answers are the protocol's own JSON.
#[derive(Debug, Clone)]
pub enum Operation<J> {
    /// Makes an API key for the user (protocol §4). The answer shows its secret, this once.
    CreateApiKey {
        /// What the user calls it.
        name: String,
    },
    /// One of the user's API keys, without its secret.
    FetchApiKey {
        /// Which.
        id: String,
    },
    /// All of the user's API keys, without their secrets.
    FetchApiKeys,
    /// Lets a disabled API key log in again.
    EnableApiKey {
        /// Which.
        id: String,
    },
    /// Stops an API key from logging in, until it is enabled again.
    DisableApiKey {
        /// Which.
        id: String,
    },
    /// Deletes an API key for ever.
    DeleteApiKey {
        /// Which.
        id: String,
    },
    /// An act of the email/password provider (protocol §5); needs no user.
    EmailPassword {
        /// The path after the provider's, such as `register` or `reset/send`.
        act: String,
        /// Its details.
        details: J,
    },
    /// Calls a function of the application's (protocol §9). `arguments` is an array of extended JSON.
    CallFunction {
        /// Which.
        name: String,
        /// With what.
        arguments: J,
    },
}

/// Which token a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    None,
    Access,
    Refresh,
}

/// A request to the server, without its host.
pub(crate) struct Call<J> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) bearer: Bearer,
    /// Null if there is none.
    pub(crate) body: J,
}

impl<J: Json> Call<J> {
    /// A call of one of the routes that are the same for every application.
    pub(crate) fn auth(method: Method, path: &str, bearer: Bearer) -> Self {
        Self { method, path: ["/api/client/v2.0/auth/", path].concat(), bearer, body: J::null() }
    }

    /// A call of one of the application's own routes.
    pub(crate) fn app(method: Method, app_id: &str, path: &[&str], bearer: Bearer, body: J) -> Self {
        let path = ["/api/client/v2.0/app/", &encoded(app_id), "/", &path.concat()].concat();
        Self { method, path, bearer, body }
    }
}

impl<J: Json> Operation<J> {
    pub(crate) fn call(&self, app_id: &str) -> Call<J> {
        let key = |method, id: &str, act: &str| {
            Call::auth(method, &["api_keys/", &encoded(id), act].concat(), Bearer::Refresh)
        };
        match self {
            Self::CreateApiKey { name } => Call {
                body: J::object(&[("name", J::text(name))]),
                ..Call::auth(Method::Post, "api_keys", Bearer::Refresh)
            },
            Self::FetchApiKey { id } => key(Method::Get, id, ""),
            Self::FetchApiKeys => Call::auth(Method::Get, "api_keys", Bearer::Refresh),
            Self::EnableApiKey { id } => key(Method::Put, id, "/enable"),
            Self::DisableApiKey { id } => key(Method::Put, id, "/disable"),
            Self::DeleteApiKey { id } => key(Method::Delete, id, ""),
            Self::EmailPassword { act, details } => {
                let path = ["auth/providers/local-userpass/", act];
                Call::app(Method::Post, app_id, &path, Bearer::None, details.clone())
            }
            Self::CallFunction { name, arguments } => {
                let body = J::object(&[("name", J::text(name)), ("arguments", arguments.clone())]);
                Call::app(Method::Post, app_id, &["functions/call"], Bearer::Access, body)
            }
        }
    }
}

/// `part` as one segment of a path: whatever a caller passes as an id names a thing, never another route.
pub(crate) fn encoded(part: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut path = String::with_capacity(part.len());
    for &byte in part.as_bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            path.push(byte as char);
        } else {
            path.push('%');
            path.push(HEX[usize::from(byte >> 4)] as char);
            path.push(HEX[usize::from(byte & 15)] as char);
        }
    }
    path
}
