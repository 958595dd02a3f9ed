//! Drafts and deployments (protocol §7.8): changes that wait, and those that took effect.

use super::changes::{deploy, newest};
use super::from_json;
use crate::app_config::App;
use crate::app_config::definition::Definition;
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::app_definitions::{DeploymentRecord, DraftRecord};
use crate::store::audit::Action;
use keystead_protocol::id::{DeploymentId, DraftId};

/// Begins a draft, which has the administrator's changes from now on.
///
/// # Errors
/// [`Error::DraftExists`], or the application comes from a folder.
pub async fn create_draft(state: &ServerState, app: &App, by: &Administrator) -> Result<DraftRecord, Error> {
    let _turn = state.app_changes.lock().await;
    let app = newest(state, app)?;
    let draft = DraftRecord {
        draft_id: state.ids.next(state.clock.now()),
        app_id: app.ids.app_id,
        admin_id: by.admin_id,
        definition: super::to_json(&app.config.definition)?,
    };
    let event = audit::by_admin(state, by, Some(&app), Action::DraftCreated).about(&draft.draft_id);
    if state.store.insert_draft(draft.clone(), event).await? { Ok(draft) } else { Err(Error::DraftExists) }
}

/// The administrator's draft, if there is one.
///
/// # Errors
/// The store's.
pub async fn find_draft(
    state: &ServerState,
    app: &App,
    by: &Administrator,
) -> Result<Option<DraftRecord>, Error> {
    Ok(state.store.find_draft(app.ids.app_id, by.admin_id).await?)
}

/// Throws a draft away.
///
/// # Errors
/// [`Error::DraftNotFound`].
pub async fn delete_draft(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    draft_id: DraftId,
) -> Result<(), Error> {
    let _turn = state.app_changes.lock().await;
    let event = audit::by_admin(state, by, Some(app), Action::DraftDeleted).about(&draft_id);
    let deleted = state.store.delete_draft(app.ids.app_id, by.admin_id, draft_id, event).await?;
    if deleted { Ok(()) } else { Err(Error::DraftNotFound) }
}

/// Lets a draft take effect.
///
/// # Errors
/// [`Error::DraftNotFound`], or the application would not be right with it.
pub async fn deploy_draft(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    draft_id: DraftId,
) -> Result<DeploymentRecord, Error> {
    let _turn = state.app_changes.lock().await;
    let app = newest(state, app)?;
    let draft = find_draft(state, &app, by).await?.filter(|draft| draft.draft_id == draft_id);
    let draft = draft.ok_or(Error::DraftNotFound)?;
    let event = audit::by_admin(state, by, Some(&app), Action::DraftDeployed).about(&draft_id);
    deploy(state, &app, by, &from_json(&draft.definition)?, Some(draft_id), event).await
}

/// What a draft changes: a line for each setting or item that differs.
///
/// # Errors
/// [`Error::DraftNotFound`].
pub async fn diff(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    draft_id: DraftId,
) -> Result<Vec<String>, Error> {
    let draft = find_draft(state, app, by).await?.filter(|draft| draft.draft_id == draft_id);
    let draft = from_json(&draft.ok_or(Error::DraftNotFound)?.definition)?;
    Ok(differences(&app.config.definition, &draft))
}

/// The newest deployments, newest first.
///
/// # Errors
/// The store's.
pub async fn list(state: &ServerState, app: &App) -> Result<Vec<DeploymentRecord>, Error> {
    Ok(state.store.list_deployments(app.ids.app_id).await?)
}

/// One of the newest deployments.
///
/// # Errors
/// [`Error::DeploymentNotFound`].
pub async fn get(
    state: &ServerState,
    app: &App,
    deployment_id: DeploymentId,
) -> Result<DeploymentRecord, Error> {
    let found = list(state, app).await?.into_iter().find(|found| found.deployment_id == deployment_id);
    found.ok_or(Error::DeploymentNotFound)
}

/// Makes an application what it was after an earlier deployment.
///
/// # Errors
/// [`Error::DeploymentNotFound`], or the application would not be right any more.
pub async fn redeploy(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    deployment_id: DeploymentId,
) -> Result<DeploymentRecord, Error> {
    let _turn = state.app_changes.lock().await;
    let app = newest(state, app)?;
    let earlier = state.store.find_deployed_definition(app.ids.app_id, deployment_id).await?;
    let earlier = from_json(&earlier.ok_or(Error::DeploymentNotFound)?)?;
    let event = audit::by_admin(state, by, Some(&app), Action::AppRedeployed).about(&deployment_id);
    deploy(state, &app, by, &earlier, None, event).await
}

fn differences(before: &Definition, after: &Definition) -> Vec<String> {
    let mut lines = Vec::new();
    let mut whole = |what: &str, differs: bool| {
        if differs {
            lines.push(format!("changed: {what}"));
        }
    };
    whole("settings", before.settings != after.settings);
    whole("allowed_request_origins", before.allowed_request_origins != after.allowed_request_origins);
    whole("refresh_token_expiration", before.refresh_token_lifetime != after.refresh_token_lifetime);
    whole("custom_user_data", before.custom_user_data != after.custom_user_data);
    whole("sync", before.sync != after.sync);
    for collection in
        before.items.keys().chain(after.items.keys().filter(|key| !before.items.contains_key(key)))
    {
        for item in after.list(*collection) {
            match before.find(*collection, item.id) {
                None => lines.push(format!("added: {} {:?}", collection.noun(), item.name())),
                Some(old) if old.body != item.body => {
                    lines.push(format!("changed: {} {:?}", collection.noun(), item.name()));
                }
                Some(_) => {}
            }
        }
        let removed =
            before.list(*collection).iter().filter(|item| after.find(*collection, item.id).is_none());
        lines.extend(removed.map(|item| format!("removed: {} {:?}", collection.noun(), item.name())));
    }
    lines
}
