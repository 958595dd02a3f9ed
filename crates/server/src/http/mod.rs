//! HTTP in, HTTP out: routes, parsing, status codes. No rules and no SQL.
//!
//! The route table is this file; what a token is good for is in `extract.rs`; what an error looks
//! like is in `error.rs`; what happens around every request is in `edge.rs`.

mod admin;
mod client;
mod client_address;
mod cors;
mod edge;
mod error;
mod extract;
mod operations;

pub(crate) use client_address::client_address;
pub(crate) use edge::Connection;

use crate::state::{ServerState, ThreadState};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use edge::{Route, Shared};
use std::net::SocketAddr;
use std::sync::Arc;

type Routes = Vec<(&'static str, MethodRouter<ThreadState>)>;

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
        let mut routes = vec![Route::new("(unknown)", any(operations::unknown), &thread_state)];
        for (path, methods) in [client_routes(), admin_routes(), operations_routes()].concat() {
            by_path.insert(path, routes.len())?;
            routes.push(Route::new(path, methods, &thread_state));
        }
        let time_limit = edge::time_limit(state);
        Ok(Self(Arc::new(Shared { state: Arc::clone(state), by_path, routes, time_limit })))
    }

    /// What answers on the connection of this peer.
    pub(crate) fn connection(&self, peer: SocketAddr) -> Arc<Connection> {
        Arc::new(Connection { shared: Arc::clone(&self.0), peer })
    }
}

/// What operators ask for.
fn operations_routes() -> Routes {
    vec![
        ("/", get(operations::root)),
        ("/livez", get(operations::live)),
        ("/readyz", get(operations::ready)),
        ("/healthz", get(operations::ready)),
        ("/metrics", get(operations::metrics)),
        ("/logs", get(operations::logs)),
    ]
}

/// `/api/client/v2.0`, protocol §1.1.
fn client_routes() -> Routes {
    use client::{api_keys, email_password, functions, jwks, location, login, profile, session};
    vec![
        ("/api/client/v2.0/app/{client_app_id}/location", get(location::get)),
        ("/api/client/v2.0/app/{client_app_id}/.well-known/jwks.json", get(jwks::get)),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/{provider}/login",
            post(login::log_in).get(login::redirect),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/register",
            post(email_password::register),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm",
            post(email_password::confirm),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/send",
            post(email_password::send_confirmation),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/confirm/call",
            post(email_password::call_confirmation),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset",
            post(email_password::reset),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/send",
            post(email_password::send_reset),
        ),
        (
            "/api/client/v2.0/app/{client_app_id}/auth/providers/local-userpass/reset/call",
            post(email_password::call_reset),
        ),
        ("/api/client/v2.0/app/{client_app_id}/functions/call", post(functions::call).get(functions::stream)),
        (
            "/api/client/v2.0/app/{client_app_id}/push/providers/{service}/registration",
            put(functions::push).delete(functions::push),
        ),
        ("/api/client/v2.0/auth/session", post(session::refresh).delete(session::end)),
        ("/api/client/v2.0/auth/profile", get(profile::get)),
        ("/api/client/v2.0/auth/delete", delete(profile::delete)),
        ("/api/client/v2.0/auth/api_keys", post(api_keys::create).get(api_keys::list)),
        ("/api/client/v2.0/auth/api_keys/{key_id}", get(api_keys::get).delete(api_keys::delete)),
        ("/api/client/v2.0/auth/api_keys/{key_id}/enable", put(api_keys::enable)),
        ("/api/client/v2.0/auth/api_keys/{key_id}/disable", put(api_keys::disable)),
    ]
}

/// `/api/admin/v3.0`, protocol §7: so far what an operator needs to stop a user.
fn admin_routes() -> Routes {
    use admin::{apps, session, users};
    vec![
        ("/api/admin/v3.0/auth/providers/local-userpass/login", post(session::log_in)),
        ("/api/admin/v3.0/auth/session", post(session::refresh)),
        ("/api/admin/v3.0/auth/profile", get(session::profile)),
        ("/api/admin/v3.0/groups/{group_id}/apps", get(apps::list)),
        ("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users", get(users::list)),
        ("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/verify_token", post(users::verify_token)),
        (
            "/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}",
            get(users::get).delete(users::delete),
        ),
        ("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/enable", put(users::enable)),
        ("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/disable", put(users::disable)),
        ("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/logout", put(users::log_out)),
    ]
}
