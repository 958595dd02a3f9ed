//! Secrets of applications of the admin API (protocol §7.7): sealed at rest, never shown again. They take effect
//! at once, as they are no part of drafts.

use super::{changes, read_app};
use crate::app_config::{App, secret_name_problem};
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::app_definitions::AppSecretRecord;
use crate::store::audit::Action;
use keystead_protocol::id::{AppId, SecretId};
use keystead_protocol::secret::SecretText;
use std::collections::BTreeMap;

/// Room for a public key in PEM form; App Services allowed 500.
const MAX_VALUE: usize = 4_096;
/// All of them are opened with every change.
const MAX_SECRETS: usize = 500;
const PURPOSE: &str = "app secret";

/// The names of an application's secrets.
///
/// # Errors
/// The store's.
pub async fn list(state: &ServerState, app: &App) -> Result<Vec<(SecretId, String)>, Error> {
    let secrets = state.store.list_app_secrets(app.ids.app_id).await?;
    Ok(secrets.into_iter().map(|secret| (secret.secret_id, secret.name)).collect())
}

/// Adds a secret.
///
/// # Errors
/// The name is wrong or taken, the value too long, or the application comes from a folder.
pub async fn create(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    name: String,
    value: SecretText,
) -> Result<SecretId, Error> {
    let _turn = state.app_changes.lock().await;
    if list(state, app).await?.len() >= MAX_SECRETS {
        return Err(Error::ConfigurationInvalid(format!("an application has at most {MAX_SECRETS} secrets")));
    }
    let secret_id = state.ids.next(state.clock.now());
    put(state, app, by, secret_id, name, value, Action::SecretCreated).await?;
    Ok(secret_id)
}

/// Replaces a secret's value, and its name if there is one.
///
/// # Errors
/// As for [`create`], or there is no such secret.
pub async fn update(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    secret_id: SecretId,
    name: Option<String>,
    value: SecretText,
) -> Result<(), Error> {
    let _turn = state.app_changes.lock().await;
    let found = list(state, app).await?.into_iter().find(|(id, _)| *id == secret_id);
    let (_, old_name) = found.ok_or(Error::SecretNotFound)?;
    put(state, app, by, secret_id, name.unwrap_or(old_name), value, Action::SecretUpdated).await
}

/// Deletes a secret.
///
/// # Errors
/// There is no such secret, or the application comes from a folder.
pub async fn delete(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    secret_id: SecretId,
) -> Result<(), Error> {
    let _turn = state.app_changes.lock().await;
    let app = changes::newest(state, app)?;
    let mut secrets = open_all(state, app.ids.app_id).await?;
    let found = list(state, &app).await?.into_iter().find(|(id, _)| *id == secret_id);
    let (_, name) = found.ok_or(Error::SecretNotFound)?;
    secrets.remove(&name);
    let changed = read_app(&app.ids, &app.config.definition, secrets)?;
    let event = audit::by_admin(state, by, Some(&app), Action::SecretDeleted).about(&name);
    if !state.store.delete_app_secret(app.ids.app_id, secret_id, event).await? {
        return Err(Error::SecretNotFound);
    }
    state.replace_app(changed);
    Ok(())
}

/// The secrets of an application by name, opened.
///
/// # Errors
/// They were sealed under another pepper.
pub async fn open_all(state: &ServerState, app_id: AppId) -> Result<BTreeMap<String, SecretText>, Error> {
    open(&state.pepper, state.store.list_app_secrets(app_id).await?)
}

/// These secrets by name, opened.
///
/// # Errors
/// They were sealed under another pepper.
pub fn open(
    pepper: &crate::domain::pepper::Pepper,
    secrets: Vec<AppSecretRecord>,
) -> Result<BTreeMap<String, SecretText>, Error> {
    let open = |secret: AppSecretRecord| {
        let value = pepper.open(PURPOSE, &secret.sealed_value);
        let value = value.map_err(|error| Error::Internal(error.to_string()))?;
        let value = std::str::from_utf8(&value).map_err(|error| Error::Internal(error.to_string()))?;
        Ok((secret.name, SecretText::from(value.to_owned())))
    };
    secrets.into_iter().map(open).collect()
}

/// The caller has the turn.
async fn put(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    secret_id: SecretId,
    name: String,
    value: SecretText,
    action: Action,
) -> Result<(), Error> {
    if let Some(problem) = secret_name_problem(&name) {
        return Err(Error::ConfigurationInvalid(problem.into()));
    }
    if !(1..=MAX_VALUE).contains(&value.expose().len()) {
        return Err(Error::ConfigurationInvalid(format!("a secret has 1 to {MAX_VALUE} bytes")));
    }
    let app = changes::newest(state, app)?;
    let mut secrets = open_all(state, app.ids.app_id).await?;
    let sealed_value = state.pepper.seal(PURPOSE, value.expose().as_bytes())?;
    let old_name =
        list(state, &app).await?.into_iter().find(|(id, _)| *id == secret_id).map(|(_, name)| name);
    if let Some(old_name) = old_name {
        secrets.remove(&old_name);
    }
    secrets.insert(name.clone(), value);
    let changed = read_app(&app.ids, &app.config.definition, secrets)?;
    let event = audit::by_admin(state, by, Some(&app), action).about(&name);
    let secret = AppSecretRecord { app_id: app.ids.app_id, secret_id, name, sealed_value };
    if !state.store.put_app_secret(secret, event).await? {
        return Err(Error::SecretNameTaken);
    }
    state.replace_app(changed);
    Ok(())
}
