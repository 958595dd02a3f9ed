//! Logging in: credentials, provider, user, session. Each provider has a file in `providers/`.

use crate::app_config::App;
use crate::domain::providers::{self, Credentials};
use crate::domain::{request_notes, sessions};
use crate::error::Error;
use crate::state::{Client, ServerState};
use keystead_protocol::credentials::LoginOptions;
use keystead_protocol::id::DeviceId;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::session::LoginResponse;

/// Opens a session for whoever the credentials prove.
///
/// # Errors
/// The credentials are refused, the user is disabled, or too many attempts failed.
pub async fn log_in(
    state: &ServerState,
    app: &App,
    credentials: Credentials,
    options: &LoginOptions,
    client: &Client<'_>,
) -> Result<LoginResponse, Error> {
    let who = providers::authenticate(state, app, credentials, client).await?;
    request_notes::user(who.user_id);
    if who.grounds.api_key.is_none() {
        let now = state.clock.now();
        state.usage.user_seen(who.user_id, now);
        // Whoever is anonymous logs in once, of which the making of the user tells.
        if who.grounds.provider_type != ProviderType::AnonUser {
            state.usage.logged_in(who.user_id, app.ids.app_id, now, client);
        }
    }
    sessions::open(state, app, &who, device_id(state, options))
}

/// The device of a login: the one that the client knows itself by, a new one if it told of a device
/// without an id, none if it told nothing (protocol §1.4).
fn device_id(state: &ServerState, options: &LoginOptions) -> DeviceId {
    match &options.device {
        None => DeviceId::NONE,
        Some(device) => device.device_id.unwrap_or_else(|| state.ids.next(state.clock.now())),
    }
}
