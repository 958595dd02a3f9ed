//! How an application is changed: as a whole, one change after the other, checked before it is stored and
//! stored before it is served. An administrator who has a draft changes that, and the application when the draft
//! is deployed (protocol §7.8).

use super::{from_json, read_app, secrets, to_json};
use crate::app_config::App;
use crate::app_config::definition::{Definition, Modified};
use crate::domain::admins::Administrator;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::app_definitions::DeploymentRecord;
use crate::store::audit::AuditEvent;
use keystead_protocol::id::DraftId;
use std::borrow::Cow;
use std::sync::Arc;

/// What an administrator sees of an application: their draft, or what is served.
///
/// # Errors
/// The store's.
pub async fn view<'a>(
    state: &ServerState,
    app: &'a App,
    by: &Administrator,
) -> Result<Cow<'a, Definition>, Error> {
    if app.source.is_some() {
        return Ok(Cow::Borrowed(&app.config.definition));
    }
    match state.store.find_draft(app.ids.app_id, by.admin_id).await? {
        Some(draft) => from_json(&draft.definition).map(Cow::Owned),
        None => Ok(Cow::Borrowed(&app.config.definition)),
    }
}

/// Lets `edit` change an application, or the administrator's draft of it. Nothing changes if it fails, or if the
/// application would not be right afterwards.
///
/// # Errors
/// [`Error::AppReadOnly`], what `edit` says, or [`Error::ConfigurationInvalid`].
pub async fn change<T>(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    event: AuditEvent,
    edit: impl FnOnce(&mut Definition) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let _turn = state.app_changes.lock().await;
    let app = newest(state, app)?;
    let draft = state.store.find_draft(app.ids.app_id, by.admin_id).await?;
    let mut definition = match &draft {
        Some(draft) => from_json(&draft.definition)?,
        None => app.config.definition.clone(),
    };
    let result = edit(&mut definition)?;
    definition.modified = Some(Modified { at: state.clock.now().unix_seconds(), by: by.admin_id });
    match draft {
        Some(draft) => {
            read_app(&app.ids, &definition, secrets::open_all(state, app.ids.app_id).await?)?;
            state.store.update_draft(draft.draft_id, to_json(&definition)?, event).await?;
        }
        None => {
            deploy(state, &app, by, &definition, None, event).await?;
        }
    }
    Ok(result)
}

/// Makes an application what `definition` says, on disk and then in service. The caller has the turn.
pub(super) async fn deploy(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    definition: &Definition,
    draft_id: Option<DraftId>,
    event: AuditEvent,
) -> Result<DeploymentRecord, Error> {
    let secrets = secrets::open_all(state, app.ids.app_id).await?;
    let changed = read_app(&app.ids, definition, secrets)?;
    let deployed_at = state.clock.now();
    let deployment = DeploymentRecord {
        deployment_id: state.ids.next(deployed_at),
        app_id: app.ids.app_id,
        admin_id: by.admin_id,
        draft_id,
        deployed_at,
    };
    state.store.deploy(deployment.clone(), to_json(definition)?, event).await?;
    state.replace_app(changed);
    Ok(deployment)
}

/// The application as it is now, which may be newer than the one that the request found.
///
/// # Errors
/// It was deleted meanwhile, or comes from a folder.
pub(super) fn newest(state: &ServerState, app: &App) -> Result<Arc<App>, Error> {
    let found = state.apps().by_app_id(app.ids.app_id);
    let app = found.ok_or_else(|| Error::AppNotFound(app.ids.client_app_id.clone()))?;
    if app.source.is_some() { Err(Error::AppReadOnly) } else { Ok(app) }
}
