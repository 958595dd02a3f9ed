//! Applications (protocol §7.2), and the environment that one is in (§7.7).

use super::{AdministeredApp, AdministeredGroup, ServerAdministrator};
use crate::app_config::App;
use crate::domain::admins::GROUP_ID;
use crate::domain::apps::changes;
use crate::domain::{apps, audit};
use crate::error::Error;
use crate::http::describe::Created;
use crate::http::extract::JsonBody;
use crate::state::ThreadState;
use crate::store::audit::Action;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keystead_protocol::id::{AppId, DomainId, ObjectId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredGroup(by): AdministeredGroup,
) -> Json<Vec<ShownApp>> {
    let apps = state.apps();
    let mut apps: Vec<_> = apps.iter().filter(|app| by.scope.includes(app.ids.app_id)).collect();
    apps.sort_by_key(|app| app.ids.app_id);
    Json(apps.into_iter().map(|app| shown(app)).collect())
}

/// What else may be in the body (`sync`, `data_source`, …) is for services that do not run here.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct NewApp {
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9_-]{1,64}$"))]
    name: Value,
    location: Option<String>,
    deployment_model: Option<String>,
    provider_region: Option<String>,
    environment: Option<String>,
}

pub(in crate::http) async fn create(
    State(state): State<ThreadState>,
    ServerAdministrator(by): ServerAdministrator,
    JsonBody(body): JsonBody<NewApp>,
) -> Result<Created<ShownApp>, Error> {
    let mut settings = Map::from_iter([("name".to_owned(), body.name)]);
    for (name, value) in [
        ("location", body.location),
        ("deployment_model", body.deployment_model),
        ("provider_region", body.provider_region),
        ("environment", body.environment),
    ] {
        settings.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    let app = apps::create(&state, &by, settings).await?;
    Ok(Created(shown(&app)))
}

pub(in crate::http) async fn get(AdministeredApp { app, .. }: AdministeredApp) -> Json<ShownApp> {
    Json(shown(&app))
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<NoContent, Error> {
    apps::delete(&state, &by, &app).await?;
    Ok(NoContent)
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct EnvironmentBody {
    environment: String,
}

pub(in crate::http) async fn set_environment(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(body): JsonBody<EnvironmentBody>,
) -> Result<Json<ShownApp>, Error> {
    let event = audit::by_admin(&state, &by, Some(&app), Action::AppSettingsUpdated).about(&"environment");
    let environment = body.environment.clone();
    changes::change(&state, &app, &by, event, |definition| {
        definition.settings.insert("environment".into(), environment.into());
        Ok(())
    })
    .await?;
    Ok(Json(ShownApp { environment: body.environment, ..shown(&app) }))
}

/// An application as the admin API shows it.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct ShownApp {
    #[serde(rename = "_id")]
    id: AppId,
    /// As clients know it.
    client_app_id: String,
    name: String,
    location: String,
    deployment_model: String,
    domain_id: DomainId,
    group_id: ObjectId,
    /// Unix seconds.
    last_used: i64,
    /// Unix seconds.
    last_modified: i64,
    product: &'static str,
    environment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_region: Option<String>,
}

pub(super) fn shown(app: &App) -> ShownApp {
    let created = app.ids.created_at.unix_seconds();
    ShownApp {
        id: app.ids.app_id,
        client_app_id: app.ids.client_app_id.clone(),
        name: app.config.name.clone(),
        location: app.config.location.clone(),
        deployment_model: app.config.deployment_model.clone(),
        domain_id: app.ids.domain_id,
        group_id: GROUP_ID,
        last_used: created,
        last_modified: app.config.definition.modified.map_or(created, |modified| modified.at),
        product: "standard",
        environment: app.config.environment.tag.clone(),
        provider_region: app.config.provider_region.clone(),
    }
}
