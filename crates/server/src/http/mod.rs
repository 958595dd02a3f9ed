//! HTTP in, HTTP out: routes, parsing, status codes. No rules and no SQL.
//!
//! The route table is this file, and `admin/mod.rs` for administrators; what a token is good for is in `extract.rs`; what an error looks
//! like is in `error.rs`; what happens around every request is in `edge.rs`.

mod admin;
mod client;
mod client_address;
mod cors;
mod edge;
mod error;
mod extract;
mod operations;
mod route;

pub(crate) use client_address::client_address;
pub(crate) use edge::Connection;

use crate::state::ServerState;
use axum::http::Method;
use axum::routing::any;
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
        let mut by_path = matchit::Router::new();
        let mut routes = vec![Served::new("(unknown)", any(operations::unknown), &thread_state)];
        for Route { path, handlers, .. } in all_routes() {
            by_path.insert(path, routes.len())?;
            routes.push(Served::new(path, handlers, &thread_state));
        }
        let time_limit = edge::time_limit(state);
        Ok(Self(Arc::new(Shared { state: Arc::clone(state), by_path, routes, time_limit })))
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
    client_routes().into_iter().chain(admin::routes()).chain(operations_routes())
}

/// What operators ask for.
fn operations_routes() -> Vec<Route> {
    vec![
        at("/").get(operations::root),
        at("/livez").get(operations::live),
        // Existing tools wait for this one (protocol §7.1).
        at("/api/private/v1.0/version").get(operations::live),
        at("/readyz").get(operations::ready),
        at("/healthz").get(operations::ready),
        at("/metrics").get(operations::metrics),
        at("/logs").get(operations::logs),
    ]
}

/// `/api/client/v2.0`, protocol §1.1.
fn client_routes() -> Vec<Route> {
    use client::{api_keys, email_password, functions, jwks, location, login, profile, session};
    vec![
        at("/api/client/v2.0/app/{client_app_id}/location").get(location::get),
        at("/api/client/v2.0/app/{client_app_id}/.well-known/jwks.json").get(jwks::get),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/{provider}/login")
            .post(login::log_in)
            .get(login::redirect),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/register")
            .post(email_password::register),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm")
            .post(email_password::confirm),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/send")
            .post(email_password::send_confirmation),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/call")
            .post(email_password::call_confirmation),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset")
            .post(email_password::reset),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/send")
            .post(email_password::send_reset),
        at("/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/call")
            .post(email_password::call_reset),
        at("/api/client/v2.0/app/{client_app_id}/functions/call")
            .post(functions::call)
            .get(functions::stream),
        at("/api/client/v2.0/app/{client_app_id}/push/providers/{service}/registration")
            .put(functions::push)
            .delete(functions::push),
        at("/api/client/v2.0/auth/session").post(session::refresh).delete(session::end),
        at("/api/client/v2.0/auth/profile").get(profile::get),
        at("/api/client/v2.0/auth/delete").delete(profile::delete),
        at("/api/client/v2.0/auth/api_keys").post(api_keys::create).get(api_keys::list),
        at("/api/client/v2.0/auth/api_keys/{key_id}").get(api_keys::get).delete(api_keys::delete),
        at("/api/client/v2.0/auth/api_keys/{key_id}/enable").put(api_keys::enable),
        at("/api/client/v2.0/auth/api_keys/{key_id}/disable").put(api_keys::disable),
    ]
}
