//! `api-key`: the hottest path. It reads one cached row, writes nothing, and tells a stranger nothing. Only
//! the first login with a key that was imported writes: see `foreign_keys.rs`.

use crate::app_config::App;
use crate::domain::foreign_keys;
use crate::domain::secret_key::KeySecret;
use crate::domain::sessions::{Authenticated, Grounds};
use crate::error::Error;
use crate::state::{Client, ServerState};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;

/// The owner of the key.
///
/// # Errors
/// [`Error::InvalidApiKey`] for every key that does not log in, whatever the reason, unless the key
/// is good and its owner is disabled.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    key: Result<KeySecret, SecretText>,
    client: &Client<'_>,
) -> Result<Authenticated, Error> {
    if !app.config.providers.api_key {
        return Err(Error::ProviderUnavailable(ProviderType::ApiKey.to_string()));
    }
    let found = match &key {
        Ok(key) => {
            let digest = state.pepper.digest_api_key(key.expose());
            state.store.find_api_key_login(key.locator(), &digest).await?
        }
        // Not the hot path, which is not to carry the room that this needs.
        Err(text) => Box::pin(foreign_keys::find_login(state, app, text)).await?,
    };
    let Some(found) = found.filter(|found| found.app_id == app.ids.app_id) else {
        // Only strings that are nobody's key count as guessing.
        state.throttles.check_address(client.address)?;
        state.throttles.count_address(app.ids.app_id, client);
        return Err(Error::InvalidApiKey);
    };
    if found.key.disabled {
        state.throttles.check_address(client.address)?;
        return Err(Error::InvalidApiKey);
    }
    if found.user_disabled {
        return Err(Error::UserDisabled);
    }
    let now = state.clock.now();
    state.usage.key_used(found.key_id, found.user_id, found.app_id, now, client);
    Ok(Authenticated {
        user_id: found.user_id,
        identity_id: found.key_id.object_id().to_text(),
        grounds: Grounds {
            provider_type: ProviderType::ApiKey,
            api_key: Some(found.key_id),
            user_generation: found.user_generation,
            credential_generation: found.key.generation,
        },
    })
}
