//! `custom-function`: the application's own function says who it is (protocol §6.3).

use super::{FunctionPayload, authenticated_as};
use crate::app_config::App;
use crate::domain::functions::events;
use crate::domain::sessions::Authenticated;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::IdentityRecord;
use keystead_protocol::provider::ProviderType;

/// The user whom the function recognises, made at the first login.
///
/// # Errors
/// [`Error::AuthFunctionRefused`] with what the function threw.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    payload: FunctionPayload,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    let identity = verify(state, app, payload, client).await?;
    authenticated_as(state, app, identity, client).await
}

/// The identity that the function recognises.
///
/// # Errors
/// As for [`authenticate`].
pub async fn verify(
    state: &ServerState,
    app: &App,
    FunctionPayload(payload): FunctionPayload,
    client: &Client<'_>,
) -> Result<IdentityRecord, Error> {
    let Some(function) = &app.config.providers.custom_function else {
        return Err(Error::ProviderUnavailable(ProviderType::CustomFunction.to_string()));
    };
    state.throttles.check_address(client.address)?;
    let recognised = events::authenticate(state, app, function, payload, client).await;
    let recognised = recognised.inspect_err(|error| {
        if matches!(error, Error::AuthFunctionRefused(_)) {
            state.throttles.count_address(app.ids.app_id, client);
        }
    })?;
    Ok(IdentityRecord {
        provider_type: ProviderType::CustomFunction,
        identity_id: recognised.identity_id,
        data: recognised.data,
        generation: 0,
        created_at: state.clock.now(),
    })
}
