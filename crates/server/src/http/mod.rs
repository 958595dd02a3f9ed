//! HTTP in, HTTP out: routes, parsing, status codes. No rules and no SQL.
//!
//! The route table is this file, with `admin/mod.rs` and `keystead/mod.rs` for administrators; what a token is good for is in `extract.rs`; what an error looks
//! like is in `error.rs`; what happens around every request is in `edge.rs`.

mod admin;
mod client;
mod client_address;
mod cors;
mod describe;
mod edge;
mod error;
mod extract;
mod keystead;
mod log_entry;
mod operations;
mod route;

pub(crate) use client_address::client_address;
pub(crate) use edge::Connection;

use crate::state::ServerState;
use axum::http::Method;
use axum::routing::any;
use describe::{Token, about};
use edge::{Served, Shared};
use route::{Route, at};
use std::net::SocketAddr;
use std::sync::Arc;

/// The server, as it answers on the connections of one thread.
pub(crate) struct Http(Arc<Shared>);

impl Http {
    /// Prepares to answer.
    ///
    /// # Errors
    /// Two routes contradict each other.
    pub(crate) fn new(state: &Arc<ServerState>) -> Result<Self, matchit::InsertError> {
        let thread_state = Arc::new(Arc::clone(state));
        let time_limit = edge::time_limit(state);
        let mut by_path = matchit::Router::new();
        let mut routes = vec![Served::new("(unknown)", any(operations::unknown), time_limit, &thread_state)];
        for Route { path, handlers, time_limit: longer, .. } in all_routes() {
            by_path.insert(path, routes.len())?;
            routes.push(Served::new(path, handlers, longer.unwrap_or(time_limit), &thread_state));
        }
        Ok(Self(Arc::new(Shared { state: Arc::clone(state), by_path, routes })))
    }

    /// What answers on the connection of this peer.
    pub(crate) fn connection(&self, peer: SocketAddr) -> Arc<Connection> {
        Arc::new(Connection { shared: Arc::clone(&self.0), peer })
    }
}

/// Every path with its methods, as tests compare them with what is described and authorised.
pub fn routes() -> Vec<(&'static str, Vec<Method>)> {
    all_routes().into_iter().map(|route| (route.path, route.methods)).collect()
}

fn all_routes() -> impl IntoIterator<Item = Route> {
    client_routes()
        .into_iter()
        .chain(session_routes())
        .chain(admin::routes())
        .chain(keystead::routes())
        .chain(operations_routes())
}

/// What operators ask for.
fn operations_routes() -> Vec<Route> {
    vec![
        at("/").get(operations::root, "See that the server runs"),
        at("/livez").get(operations::live, "Ask whether the process answers"),
        // Existing tools wait for this one (protocol §7.1).
        at("/api/private/v1.0/version").get(operations::version, "Get the version of the server"),
        at("/readyz").get(operations::ready, "Ask whether the server and its store answer"),
        at("/healthz").get(operations::ready, "Ask whether the server and its store answer"),
        at("/metrics").get(operations::metrics, "Get what was counted"),
        at("/openapi.json").get(describe::openapi, "Get this description"),
        at("/docs").get(describe::docs, "Read this description"),
        at("/logs").get(operations::logs, "Learn what to look for in the log"),
    ]
}

/// `/api/client/v2.0`, protocol §1.1.
fn client_routes() -> Vec<Route> {
    use client::{email_password, jwks, location, login};
    vec![
        at("/api/client/v2.0/app/{client_app_id}/location").get(location::get, "Get where to send requests"),
        at("/api/client/v2.0/app/{client_app_id}/.well-known/jwks.json")
            .get(jwks::get, "Get the public keys of access tokens"),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/{provider}/login")
            .post(
                login::log_in,
                about("Log in, or link one more identity")
                    .errors(&[400, 401, 429])
                    .body::<login::LoginBody>(),
            )
            .get(login::redirect, "Log in at a provider by way of the browser"),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/register")
            .post(email_password::register, about("Register an email address").errors(&[401, 409, 429])),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm")
            .post(email_password::confirm, about("Confirm a registration").errors(&[401])),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/send").post(
            email_password::send_confirmation,
            about("Send the confirmation mail again").errors(&[401, 404, 429]),
        ),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/call").post(
            email_password::call_confirmation,
            about("Call the confirmation function again").errors(&[401, 404, 429]),
        ),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset")
            .post(email_password::reset, about("Set a password with a mailed token").errors(&[401])),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/send").post(
            email_password::send_reset,
            about("Send a mail to reset the password").errors(&[401, 404, 429]),
        ),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/call").post(
            email_password::call_reset,
            about("Call the function that resets passwords").errors(&[401, 404, 429]),
        ),
    ]
}

/// Calls of an application's users, and what users do about themselves.
fn session_routes() -> Vec<Route> {
    use client::{api_keys, functions, profile, session};
    vec![
        at("/api/client/v2.0/app/{client_app_id}/functions/call")
            .post(
                functions::call,
                about("Call a function").errors(&[400]).token(Token::Access).body::<functions::Call>(),
            )
            .get(
                functions::stream,
                about("Call a function, and have its result streamed").errors(&[400]).token(Token::Access),
            ),
        at("/api/client/v2.0/app/{client_app_id}/push/providers/{service}/registration")
            .put(
                functions::push,
                about("Register for push messages, which no service sends here").token(Token::Access),
            )
            .delete(
                functions::push,
                about("Register for push messages, which no service sends here").token(Token::Access),
            ),
        at("/api/client/v2.0/auth/session")
            .post(session::refresh, "Renew an access token")
            .delete(session::end, "Log out"),
        at("/api/client/v2.0/auth/profile").get(profile::get, "Get one's profile"),
        at("/api/client/v2.0/auth/delete")
            .delete(profile::delete, about("Delete one's account").errors(&[403])),
        at("/api/client/v2.0/auth/api_keys")
            .post(api_keys::create, about("Create an API key").errors(&[409]))
            .get(api_keys::list, "List one's API keys"),
        at("/api/client/v2.0/auth/api_keys/{key_id}")
            .get(api_keys::get, "Get an API key")
            .delete(api_keys::delete, "Delete an API key"),
        at("/api/client/v2.0/auth/api_keys/{key_id}/enable").put(api_keys::enable, "Enable an API key"),
        at("/api/client/v2.0/auth/api_keys/{key_id}/disable").put(api_keys::disable, "Disable an API key"),
    ]
}
