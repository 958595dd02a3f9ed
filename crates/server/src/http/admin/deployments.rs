//! Drafts and deployments (protocol §7.8).

use super::AdministeredApp;
use super::apps::{ShownApp, shown as shown_app};
use crate::domain::apps::deployments;
use crate::error::Error;
use crate::http::describe::{Created, refusing};
use crate::http::extract::path_parameters;
use crate::state::ThreadState;
use crate::store::app_definitions::DeploymentRecord;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::{AdminId, AppId, DeploymentId, DraftId};
use schemars::JsonSchema;
use serde::Serialize;

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
) -> Result<Json<Vec<ShownDraft>>, Error> {
    let draft = deployments::find_draft(&state, &app, &by).await?;
    let shown =
        draft.map(|draft| ShownDraft { id: draft.draft_id, user_id: by.admin_id, app: shown_app(&app) });
    Ok(Json(shown.into_iter().collect()))
}

pub(in crate::http) async fn create_draft(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Created<ShownDraft>, Error> {
    let draft = deployments::create_draft(&state, &app, &by).await?;
    Ok(Created(ShownDraft { id: draft.draft_id, user_id: by.admin_id, app: shown_app(&app) }))
}

pub(in crate::http) async fn delete_draft(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<NoContent, Error> {
    deployments::delete_draft(&state, &app, &by, draft_id).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn diff(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<Json<Diffs>, Error> {
    let diffs = deployments::diff(&state, &app, &by, draft_id).await?;
    Ok(Json(Diffs { diffs }))
}

pub(in crate::http) async fn deploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DraftOfPath(draft_id): DraftOfPath,
) -> Result<Created<ShownDeployment>, Error> {
    let deployment = deployments::deploy_draft(&state, &app, &by, draft_id).await?;
    Ok(Created(shown(&deployment)))
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
) -> Result<Json<Vec<ShownDeployment>>, Error> {
    Ok(Json(deployments::list(&state, &app).await?.iter().map(shown).collect()))
}

pub(in crate::http) async fn get(
    State(state): State<ThreadState>,
    AdministeredApp { app, .. }: AdministeredApp,
    DeploymentOfPath(deployment_id): DeploymentOfPath,
) -> Result<Json<ShownDeployment>, Error> {
    Ok(Json(shown(&deployments::get(&state, &app, deployment_id).await?)))
}

pub(in crate::http) async fn redeploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    DeploymentOfPath(deployment_id): DeploymentOfPath,
) -> Result<NoContent, Error> {
    deployments::redeploy(&state, &app, &by, deployment_id).await?;
    Ok(NoContent)
}

/// A draft.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownDraft {
    #[serde(rename = "_id")]
    id: DraftId,
    user_id: AdminId,
    app: ShownApp,
}

/// What a draft would change, in words.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Diffs {
    diffs: Vec<String>,
}

/// A deployment.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownDeployment {
    #[serde(rename = "_id")]
    id: DeploymentId,
    app_id: AppId,
    user_id: AdminId,
    /// Unix seconds.
    deployed_at: i64,
    origin: &'static str,
    commit: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_id: Option<DraftId>,
}

/// A deployment takes effect before it is answered, so all that there are were successful.
fn shown(deployment: &DeploymentRecord) -> ShownDeployment {
    ShownDeployment {
        id: deployment.deployment_id,
        app_id: deployment.app_id,
        user_id: deployment.admin_id,
        deployed_at: deployment.deployed_at.unix_seconds(),
        origin: "API",
        commit: "",
        status: "successful",
        draft_id: deployment.draft_id,
    }
}

refusing! { DraftOfPath => [404], DeploymentOfPath => [404] }
