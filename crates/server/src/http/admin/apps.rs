//! Applications (protocol §7.2), and the environment that one is in (§7.7).

use super::{AdministeredApp, AdministeredGroup, ServerAdministrator};
use crate::app_config::App;
use crate::domain::admins::GROUP_ID;
use crate::domain::apps::changes;
use crate::domain::{apps, audit};
use crate::error::Error;
use crate::http::extract::JsonBody;
use crate::state::ThreadState;
use crate::store::audit::Action;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredGroup(by): AdministeredGroup,
) -> Json<Vec<Value>> {
    let apps = state.apps();
    let mut apps: Vec<_> = apps.iter().filter(|app| by.scope.includes(app.ids.app_id)).collect();
    apps.sort_by_key(|app| app.ids.app_id);
    Json(apps.into_iter().map(|app| shown(app)).collect())
}

/// What else may be in the body (`sync`, `data_source`, …) is for services that do not run here.
#[derive(Deserialize)]
pub(in crate::http) struct NewApp {
    #[serde(default)]
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
) -> Result<Response, Error> {
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
    Ok((StatusCode::CREATED, Json(shown(&app))).into_response())
}

pub(in crate::http) async fn get(AdministeredApp { app, .. }: AdministeredApp) -> Json<Value> {
    Json(shown(&app))
}

pub(in crate::http) async fn delete(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<StatusCode, Error> {
    apps::delete(&state, &by, &app).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(in crate::http) struct EnvironmentBody {
    environment: String,
}

pub(in crate::http) async fn set_environment(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(body): JsonBody<EnvironmentBody>,
) -> Result<Json<Value>, Error> {
    let event = audit::by_admin(&state, &by, Some(&app), Action::AppSettingsUpdated).about(&"environment");
    let environment = body.environment.clone();
    changes::change(&state, &app, &by, event, |definition| {
        definition.settings.insert("environment".into(), environment.into());
        Ok(())
    })
    .await?;
    let mut shown = shown(&app);
    shown["environment"] = body.environment.into();
    Ok(Json(shown))
}

/// An application as the admin API shows it.
pub(super) fn shown(app: &App) -> Value {
    let created = app.ids.created_at.unix_seconds();
    let modified = app.config.definition.modified.map_or(created, |modified| modified.at);
    let mut shown = json!({
        "_id": app.ids.app_id,
        "client_app_id": app.ids.client_app_id,
        "name": app.config.name,
        "location": app.config.location,
        "deployment_model": app.config.deployment_model,
        "domain_id": app.ids.domain_id,
        "group_id": GROUP_ID,
        "last_used": created,
        "last_modified": modified,
        "product": "standard",
        "environment": app.config.environment.tag,
    });
    if let Some(region) = &app.config.provider_region {
        shown["provider_region"] = region.as_str().into();
    }
    shown
}
