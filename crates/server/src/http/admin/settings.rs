//! Settings of an application that there is one of (protocol §7.8, §7.9): origins, the lifetime of sessions, custom
//! user data, sync, deployments.

use super::AdministeredApp;
use crate::app_config::App;
use crate::app_config::definition::Definition;
use crate::domain::admins::Administrator;
use crate::domain::apps::changes;
use crate::domain::audit;
use crate::error::Error;
use crate::http::extract::{JsonBody, RawBody};
use crate::settings::REFRESH_TOKEN_LIFETIMES;
use crate::state::ThreadState;
use crate::store::audit::Action;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(in crate::http) async fn get_origins(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Vec<String>>, Error> {
    Ok(Json(changes::view(&state, &app, &by).await?.allowed_request_origins.clone()))
}

/// The body is a list, unlike every other.
pub(in crate::http) async fn set_origins(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    RawBody(body): RawBody,
) -> Result<NoContent, Error> {
    let origins: Vec<String> = serde_json::from_slice(&body).map_err(|_| {
        Error::InvalidBody("a list of origins like \"https://example.com\" is expected".into())
    })?;
    change(&state, &app, &by, "allowed_request_origins", |definition| {
        definition.allowed_request_origins = origins;
    })
    .await
}

pub(in crate::http) async fn get_lifetime(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Lifetime>, Error> {
    let set = changes::view(&state, &app, &by).await?.refresh_token_lifetime;
    let seconds = set.unwrap_or_else(|| state.settings.refresh_token_lifetime.as_secs());
    Ok(Json(Lifetime { expiration_time_seconds: seconds }))
}

/// How long sessions last.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(in crate::http) struct Lifetime {
    expiration_time_seconds: u64,
}

pub(in crate::http) async fn set_lifetime(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(body): JsonBody<Lifetime>,
) -> Result<NoContent, Error> {
    let seconds = body.expiration_time_seconds;
    if !REFRESH_TOKEN_LIFETIMES.contains(&Duration::from_secs(seconds)) {
        let (least, most) =
            (REFRESH_TOKEN_LIFETIMES.start().as_secs(), REFRESH_TOKEN_LIFETIMES.end().as_secs());
        return Err(Error::ConfigurationInvalid(format!(
            "'expiration_time_seconds' must be from {least} (30 minutes) to {most} (5 years)"
        )));
    }
    change(&state, &app, &by, "refresh_token_expiration", |definition| {
        definition.refresh_token_lifetime = Some(seconds);
    })
    .await
}

pub(in crate::http) async fn get_custom_user_data(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Map<String, Value>>, Error> {
    let mut data = changes::view(&state, &app, &by).await?.custom_user_data.clone();
    data.entry("enabled").or_insert(false.into());
    Ok(Json(data))
}

pub(in crate::http) async fn patch_custom_user_data(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(given): JsonBody<Map<String, Value>>,
) -> Result<NoContent, Error> {
    change(&state, &app, &by, "custom_user_data", |definition| definition.custom_user_data.extend(given))
        .await
}

pub(in crate::http) async fn get_sync(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Map<String, Value>>, Error> {
    Ok(Json(changes::view(&state, &app, &by).await?.sync.clone()))
}

pub(in crate::http) async fn set_sync(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(given): JsonBody<Map<String, Value>>,
) -> Result<NoContent, Error> {
    change(&state, &app, &by, "sync", |definition| definition.sync = given).await
}

/// How far sync is.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct SyncProgress {
    progress: BTreeMap<&'static str, Step>,
    accepting_clients: bool,
}

#[derive(Serialize, JsonSchema)]
struct Step {
    complete: bool,
}

/// Sync does not run here, so there is nothing that is not done. Tools wait for this.
pub(in crate::http) async fn sync_progress(_: AdministeredApp) -> Json<SyncProgress> {
    let progress = BTreeMap::from([("none", Step { complete: true })]);
    Json(SyncProgress { progress, accepting_clients: false })
}

pub(in crate::http) async fn get_deploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
) -> Result<Json<Map<String, Value>>, Error> {
    let mut deploy = changes::view(&state, &app, &by).await?.deploy.clone();
    deploy.entry("ui_drafts_disabled").or_insert(true.into());
    deploy.entry("automatic_deployment").or_insert(json!({ "enabled": false }));
    Ok(Json(deploy))
}

pub(in crate::http) async fn patch_deploy(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    JsonBody(given): JsonBody<Map<String, Value>>,
) -> Result<NoContent, Error> {
    change(&state, &app, &by, "deploy", |definition| definition.deploy.extend(given)).await
}

async fn change(
    state: &ThreadState,
    app: &App,
    by: &Administrator,
    setting: &'static str,
    edit: impl FnOnce(&mut Definition) + Send,
) -> Result<NoContent, Error> {
    let event = audit::by_admin(state, by, Some(app), Action::AppSettingsUpdated).about(&setting);
    changes::change(state, app, by, event, |definition| {
        edit(definition);
        Ok(())
    })
    .await?;
    Ok(NoContent)
}
