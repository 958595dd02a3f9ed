//! Applications that administrators make and change while the server runs: made, read from the store at start,
//! deleted. How one is changed is in `changes.rs`; what its configuration means is `app_config`'s business.

pub mod changes;
pub mod deployments;
pub mod items;
pub mod secrets;

use crate::app_config::definition::{Collection, Definition, Item, Modified};
use crate::app_config::{self, App};
use crate::domain::admins::Administrator;
use crate::domain::{audit, signing_keys};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::app_definitions::StoredApp;
use crate::store::apps::AppRecord;
use crate::store::audit::Action;
use keystead_protocol::provider::ProviderType;
use keystead_protocol::secret::SecretText;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const MAX_NAME: usize = 32;
/// The letters after an application's name. With five of them, few attempts meet an id that is taken.
const SUFFIX: usize = 5;
const ATTEMPTS: usize = 16;

/// Makes an application. Its `api-key` provider is there and disabled, and nothing else (protocol §7.3).
///
/// # Errors
/// [`Error::AppNameInvalid`], or its settings are wrong.
pub async fn create(
    state: &ServerState,
    by: &Administrator,
    settings: Map<String, Value>,
) -> Result<Arc<App>, Error> {
    let name = settings.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(valid) {
        return Err(Error::AppNameInvalid);
    }
    let _turn = state.app_changes.lock().await;
    for _ in 0..ATTEMPTS {
        let ids = new_ids(state, format!("{name}-{}", random_letters()?));
        let definition = first_definition(&ids, settings.clone(), by);
        let app = read_app(&ids, &definition, BTreeMap::new())?;
        let stored = StoredApp { ids, definition: to_json(&definition)? };
        let event = audit::by_admin(state, by, Some(&app), Action::AppCreated);
        if state.store.insert_app(stored, event).await? {
            let app_id = app.ids.app_id;
            signing_keys::renew(state, app_id, false).await?;
            state.replace_app(app);
            return state
                .apps()
                .by_app_id(app_id)
                .ok_or_else(|| Error::Internal("the new app is gone".into()));
        }
    }
    Err(Error::Internal("no free client app id was found".into()))
}

/// Deletes an application with everything that is in it. Its users' sessions end at once.
///
/// # Errors
/// [`Error::AppReadOnly`] for one that comes from a folder.
pub async fn delete(state: &ServerState, by: &Administrator, app: &App) -> Result<(), Error> {
    let _turn = state.app_changes.lock().await;
    if app.source.is_some() {
        return Err(Error::AppReadOnly);
    }
    let event = audit::by_admin(state, by, Some(app), Action::AppDeleted).about(&app.ids.client_app_id);
    if !state.store.delete_app(app.ids.app_id, state.clock.now(), event).await? {
        return Err(Error::AppNotFound(app.ids.client_app_id.clone()));
    }
    state.remove_app(app.ids.app_id);
    Ok(())
}

/// An application as its definition says.
///
/// # Errors
/// [`Error::ConfigurationInvalid`] with all that is wrong.
pub fn read_app(
    ids: &AppRecord,
    definition: &Definition,
    secrets: BTreeMap<String, SecretText>,
) -> Result<App, Error> {
    let (config, report) = app_config::read_definition(definition, &ids.client_app_id, secrets);
    let Some(config) = config else {
        let problems = app_config::Problems { found: report.problems };
        return Err(Error::ConfigurationInvalid(problems.to_string()));
    };
    Ok(App::new(ids.clone(), config, None))
}

/// A definition from the store.
///
/// # Errors
/// It is not one of ours.
pub fn from_json(definition: &str) -> Result<Definition, Error> {
    serde_json::from_str(definition).map_err(|error| Error::Internal(error.to_string()))
}

/// A definition for the store.
///
/// # Errors
/// It is larger than an application may be.
pub fn to_json(definition: &Definition) -> Result<String, Error> {
    const MAX_DEFINITION: usize = 32 * 1024 * 1024;
    let json = serde_json::to_string(definition).map_err(|error| Error::Internal(error.to_string()))?;
    if json.len() > MAX_DEFINITION {
        return Err(Error::ConfigurationInvalid("an application has at most 32 MiB in all".into()));
    }
    Ok(json)
}

fn new_ids(state: &ServerState, client_app_id: String) -> AppRecord {
    let now = state.clock.now();
    AppRecord {
        app_id: state.ids.next(now),
        client_app_id,
        domain_id: state.ids.next(now),
        provider_ids: ProviderType::ALL.iter().map(|provider| (*provider, state.ids.next(now))).collect(),
        created_at: now,
    }
}

fn first_definition(ids: &AppRecord, settings: Map<String, Value>, by: &Administrator) -> Definition {
    let at = ids.created_at.unix_seconds();
    let mut definition =
        Definition { settings, modified: Some(Modified { at, by: by.admin_id }), ..Definition::default() };
    let api_key = json!({"name": ProviderType::ApiKey, "type": ProviderType::ApiKey, "disabled": true});
    if let (Value::Object(body), Some(id)) = (api_key, ids.provider_ids.get(&ProviderType::ApiKey)) {
        let item = Item { id: *id.object_id(), parent: None, last_modified: at, body };
        definition.insert(Collection::AuthProviders, item);
    }
    let everywhere = Map::from_iter([("address".to_owned(), "0.0.0.0/0".into())]);
    let item = Item { id: *ids.domain_id.object_id(), parent: None, last_modified: at, body: everywhere };
    definition.insert(Collection::AccessList, item);
    definition
}

fn random_letters() -> Result<String, Error> {
    let mut random = [0; SUFFIX];
    getrandom::fill(&mut random).map_err(|error| Error::Internal(error.to_string()))?;
    // Not quite uniform, which an id does not have to be.
    Ok(random.iter().map(|byte| char::from(b'a' + byte % 26)).collect())
}
