//! What an application has several of: values, functions, services and the like. All are listed, made, shown,
//! changed and deleted in the same way (protocol §7.3, §7.7, §7.9); [`Noun`] says in what they differ.

use super::AdministeredApp;
use crate::app_config::definition::{Collection, Item};
use crate::domain::apps::items::{self, Place};
use crate::error::Error;
use crate::http::extract::{JsonBody, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use keystead_protocol::id::ObjectId;
use serde_json::{Map, Value, json};
use std::marker::PhantomData;

/// A function may have 4 MiB, and JSON makes it longer.
const ITEM_LIMIT: usize = 5 * 1024 * 1024;

/// A kind of items.
pub(in crate::http) trait Noun: Send + Sync + 'static {
    const COLLECTION: Collection;
    /// What lists show, besides the id; nothing stands for all.
    const LISTED: &'static [&'static str] = &[];
    /// What the answer to making one shows, besides the id; nothing stands for all.
    const CREATED: &'static [&'static str] = &[];
}

macro_rules! nouns {
    ($($name:ident { listed: $listed:expr, created: $created:expr })*) => {$(
        pub(in crate::http) struct $name;

        impl Noun for $name {
            const COLLECTION: Collection = Collection::$name;
            const LISTED: &'static [&'static str] = &$listed;
            const CREATED: &'static [&'static str] = &$created;
        }
    )*};
}

nouns! {
    AccessList { listed: [], created: [] }
    AuthProviders { listed: ["name", "type", "disabled"], created: [] }
    Endpoints { listed: [], created: [] }
    EnvironmentValues { listed: [], created: [] }
    Functions { listed: ["name", "last_modified"], created: ["name"] }
    IncomingWebhooks { listed: ["name", "last_modified"], created: [] }
    LogForwarders { listed: [], created: [] }
    DefaultRules { listed: [], created: [] }
    Rules { listed: [], created: [] }
    Schemas { listed: ["metadata"], created: [] }
    Services { listed: ["name", "type", "version", "last_modified"], created: ["name", "type", "version"] }
    Triggers { listed: [], created: [] }
    Values { listed: ["name", "private"], created: ["name", "private"] }
}

/// Where the path says that items are, and which it names. What is no id is the id of nothing.
pub(in crate::http) struct ItemPath<N> {
    pub(super) place: Place,
    id: Option<ObjectId>,
    noun: PhantomData<N>,
}

impl<N: Noun> FromRequestParts<ThreadState> for ItemPath<N> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &ThreadState) -> Result<Self, Error> {
        let [service_id, item_id] = path_parameters(parts, ["service_id", "item_id"])?;
        let (parent, id) = if N::COLLECTION == Collection::Services {
            (None, service_id)
        } else if service_id.is_empty() {
            (None, item_id)
        } else {
            let parent = service_id.parse().map_err(|_| Error::ItemNotFound(Collection::Services))?;
            (Some(parent), item_id)
        };
        let place = Place { collection: N::COLLECTION, parent };
        Ok(Self { place, id: id.parse().ok(), noun: PhantomData })
    }
}

impl<N: Noun> ItemPath<N> {
    pub(super) fn id(&self) -> Result<ObjectId, Error> {
        self.id.ok_or(Error::ItemNotFound(N::COLLECTION))
    }
}

type Body = JsonBody<Map<String, Value>, ITEM_LIMIT>;

pub(in crate::http) async fn list<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<Json<Vec<Value>>, Error> {
    let items = items::list(&state, &app, &by, path.place).await?;
    Ok(Json(items.iter().map(|item| part(item, N::LISTED)).collect()))
}

pub(in crate::http) async fn create<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(body): Body,
) -> Result<Response, Error> {
    let item = items::create(&state, &app, &by, path.place, body).await?;
    Ok((StatusCode::CREATED, Json(part(&item, N::CREATED))).into_response())
}

pub(in crate::http) async fn get<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<Json<Value>, Error> {
    let id = path.id()?;
    let item = items::get(&state, &app, &by, path.place, id).await?;
    Ok(Json(part(&item, &[])))
}

/// Replaces what is said of an item.
pub(in crate::http) async fn put<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(body): Body,
) -> Result<StatusCode, Error> {
    let id = path.id()?;
    items::update(&state, &app, &by, path.place, id, |stored| *stored = body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces those members that are given; of `config` and `secret_config`, only their members that are given
/// (protocol §7.3).
pub(in crate::http) async fn patch<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(body): Body,
) -> Result<StatusCode, Error> {
    let id = path.id()?;
    items::update(&state, &app, &by, path.place, id, |stored| merge(stored, body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn delete<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<StatusCode, Error> {
    let id = path.id()?;
    items::delete(&state, &app, &by, path.place, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn enable<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<StatusCode, Error> {
    let id = path.id()?;
    set_disabled(&state, &app, &by, path.place, id, false).await
}

pub(in crate::http) async fn disable<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<StatusCode, Error> {
    let id = path.id()?;
    set_disabled(&state, &app, &by, path.place, id, true).await
}

async fn set_disabled(
    state: &ThreadState,
    app: &crate::app_config::App,
    by: &crate::domain::admins::Administrator,
    place: Place,
    id: ObjectId,
    disabled: bool,
) -> Result<StatusCode, Error> {
    let set = |body: &mut Map<String, Value>| {
        body.insert("disabled".into(), disabled.into());
    };
    items::update(state, app, by, place, id, set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes over the members of `given`.
pub(super) fn merge(stored: &mut Map<String, Value>, given: Map<String, Value>) {
    for (member, value) in given {
        match (member.as_str(), value, stored.get_mut(&member)) {
            ("config" | "secret_config", Value::Object(given), Some(Value::Object(stored))) => {
                stored.extend(given);
            }
            (_, value, _) => {
                stored.insert(member, value);
            }
        }
    }
}

/// An item with these members; with all, if none are named.
pub(super) fn part(item: &Item, members: &[&str]) -> Value {
    let mut shown = Map::from_iter([("_id".to_owned(), json!(item.id))]);
    let mut whole = item.body.clone();
    whole.insert("last_modified".into(), item.last_modified.into());
    if members.is_empty() {
        shown.extend(whole);
    } else {
        shown.extend(members.iter().filter_map(|name| whole.remove_entry(*name)));
    }
    Value::Object(shown)
}
