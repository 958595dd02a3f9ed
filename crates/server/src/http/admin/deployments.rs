//! Drafts and deployments (protocol §7.8).

use super::AdministeredApp;
use super::apps::shown as shown_app;
use crate::domain::apps::deployments;
use crate::error::Error;
use crate::http::extract::path_parameters;
use crate::state::ThreadState;
use crate::store::app_definitions::DeploymentRecord;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use keystead_protocol::id::{DeploymentId, DraftId};
use serde_json::{Value, json};

/// The draft that the path names. What is no id is the id of nothing.
pub(in crate::http) struct DraftOfPath(DraftId);

impl FromRequestParts<ThreadState> for DraftOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [id] = path_parameters(parts, ["draft_id"])?;
        id.parse().map(Self).map_err(|_| Error::DraftNotFound)
    }
}

/// The deployment that the path names. What is no id is the id of nothing.
pub(in crate::http) struct DeploymentOfPath(DeploymentId);

impl FromRequestParts<ThreadState> for DeploymentOfPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [id] = path_parameters(parts, ["deployment_id"])?;
        id.parse().map(Self).map_err(|_| Error::DeploymentNotFound)
    }
}

pub(in crate::http) async fn list_drafts(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Vec<Value>>, Error> {
    let draft = deployments::find_draft(&state, &app, &by).await?;
    let shown =
        draft.map(|draft| json!({ "_id": draft.draft_id, "user_id": by.admin_id, "app": shown_app(&app) }));
    Ok(Json(shown.into_iter().collect()))
}

pub(in crate::http) async fn create_draft(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Response, Error> {
    let draft = deployments::create_draft(&state, &app, &by).await?;
    let shown = json!({ "_id": draft.draft_id, "user_id": by.admin_id, "app": shown_app(&app) });
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(in crate::http) async fn delete_draft(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<StatusCode, Error> {
    deployments::delete_draft(&state, &app, &by, draft_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn diff(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<Json<Value>, Error> {
    let diffs = deployments::diff(&state, &app, &by, draft_id).await?;
    Ok(Json(json!({ "diffs": diffs })))
}

pub(in crate::http) async fn deploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<Response, Error> {
    let deployment = deployments::deploy_draft(&state, &app, &by, draft_id).await?;
    Ok((StatusCode::CREATED, Json(shown(&deployment))).into_response())
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
) -> Result<Json<Vec<Value>>, Error> {
    Ok(Json(deployments::list(&state, &app).await?.iter().map(shown).collect()))
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    DeploymentOfPath(deployment_id): DeploymentOfPath,
) -> Result<Json<Value>, Error> {
    Ok(Json(shown(&deployments::get(&state, &app, deployment_id).await?)))
}

pub(in crate::http) async fn redeploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DeploymentOfPath(deployment_id): DeploymentOfPath,
) -> Result<StatusCode, Error> {
    deployments::redeploy(&state, &app, &by, deployment_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A deployment takes effect before it is answered, so all that there are were successful.
fn shown(deployment: &DeploymentRecord) -> Value {
    let mut shown = json!({
        "_id": deployment.deployment_id,
        "app_id": deployment.app_id,
        "user_id": deployment.admin_id,
        "deployed_at": deployment.deployed_at.unix_seconds(),
        "origin": "API",
        "commit": "",
        "status": "successful",
    });
    if let Some(draft_id) = deployment.draft_id {
        shown["draft_id"] = json!(draft_id);
    }
    shown
}
