//! `anon-user`: every login makes a new user.

use crate::app_config::App;
use crate::domain::audit;
use crate::domain::functions::events;
use crate::domain::sessions::{Authenticated, Grounds};
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::{IdentityRecord, NewUser};
use keystead_protocol::id::ObjectId;
use keystead_protocol::provider::ProviderType;
use serde_json::Map;

const SUFFIX_LENGTH: usize = 24;

/// A new user.
///
/// # Errors
/// The provider is not enabled, or too many users came from this address.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    if !app.config.providers.anonymous {
        return Err(Error::ProviderUnavailable(ProviderType::AnonUser.to_string()));
    }
    // Each login makes a user, so it counts as a registration.
    state.throttles.count_registration(client.address)?;
    let now = state.clock.now();
    let user_id = state.ids.next(now);
    let identity_id = format!("{}-{}", state.ids.next::<ObjectId>(now), random_letters()?);
    let identity = IdentityRecord {
        provider_type: ProviderType::AnonUser,
        identity_id: identity_id.clone(),
        data: Map::new(),
        generation: 0,
        created_at: now,
    };
    let user = NewUser { user_id, app_id: app.ids.app_id, identity, created_at: now };
    events::before_user_creation(state, app, &user, client).await?;
    let audit = audit::user_created(state, app, client, &user);
    state.store.insert_user(user, audit).await?;
    let grounds = Grounds {
        provider_type: ProviderType::AnonUser,
        api_key: None,
        user_generation: 0,
        credential_generation: 0,
    };
    Ok(Authenticated { user_id, identity_id, grounds })
}

/// Identity ids look like this since App Services (protocol §2.4); they are not secrets.
fn random_letters() -> Result<String, Error> {
    let mut random = [0; SUFFIX_LENGTH];
    getrandom::fill(&mut random).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(random.iter().map(|byte| char::from(b'a' + byte % 26)).collect())
}
