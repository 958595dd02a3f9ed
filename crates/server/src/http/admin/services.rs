//! What belongs to services beside lists of items (protocol §7.9): their configuration and their default rule.
//! Services are kept and returned; they do not run.

use super::AdministeredApp;
use super::item_schemas::{Given, Shown};
use super::items::{DefaultRules, ItemPath, Services};
use crate::app_config::definition::Collection;
use crate::domain::apps::items;
use crate::error::Error;
use crate::http::describe::Created;
use crate::http::extract::JsonBody;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use serde_json::{Map, Value};

pub(in crate::http) async fn get_config(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<Services>,
) -> Result<Json<Map<String, Value>>, Error> {
    let id = path.id()?;
    let service = items::get(&state, &app, &by, path.place, id).await?;
    Ok(Json(service.body.get("config").and_then(Value::as_object).cloned().unwrap_or_default()))
}

pub(in crate::http) async fn patch_config(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<Services>,
    JsonBody(given): JsonBody<Map<String, Value>>,
) -> Result<NoContent, Error> {
    let id = path.id()?;
    let given = Map::from_iter([("config".to_owned(), Value::Object(given))]);
    items::update(&state, &app, &by, path.place, id, |stored| super::items::merge(stored, given)).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn get_default_rule(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<DefaultRules>,
) -> Result<Json<Shown<DefaultRules>>, Error> {
    let rules = items::list(&state, &app, &by, path.place).await?;
    let rule = rules.first().ok_or(Error::ItemNotFound(Collection::DefaultRules))?;
    Ok(Json(Shown::of(rule)))
}

pub(in crate::http) async fn create_default_rule(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<DefaultRules>,
    JsonBody(Given { body, .. }): JsonBody<Given<DefaultRules>>,
) -> Result<Created<Shown<DefaultRules>>, Error> {
    let rule = items::create(&state, &app, &by, path.place, body).await?;
    Ok(Created(Shown::of(&rule)))
}

pub(in crate::http) async fn put_default_rule(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<DefaultRules>,
    JsonBody(Given { body, .. }): JsonBody<Given<DefaultRules>>,
) -> Result<NoContent, Error> {
    let rules = items::list(&state, &app, &by, path.place).await?;
    let rule = rules.first().ok_or(Error::ItemNotFound(Collection::DefaultRules))?;
    items::update(&state, &app, &by, path.place, rule.id, |stored| *stored = body).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete_default_rule(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<DefaultRules>,
) -> Result<NoContent, Error> {
    let rules = items::list(&state, &app, &by, path.place).await?;
    let rule = rules.first().ok_or(Error::ItemNotFound(Collection::DefaultRules))?;
    items::delete(&state, &app, &by, path.place, rule.id).await?;
    Ok(NoContent)
}
