//! What an application has several of: values, functions, services and the like. All are listed, made, shown,
//! changed and deleted in the same way (protocol §7.3, §7.7, §7.9); [`Noun`] says in what they differ.

use super::AdministeredApp;
use super::item_schemas::{Given, Kind, Listed, Made, Shown};
use crate::app_config::definition::Collection;
use crate::domain::apps::items::{self, Place};
use crate::error::Error;
use crate::http::describe::{Created, Definitions, Describe, Operation};
use crate::http::extract::{JsonBody, path_parameters};
use crate::state::ThreadState;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::NoContent;
use keystead_protocol::id::ObjectId;
use serde_json::{Map, Value};
use std::marker::PhantomData;

/// A function may have 4 MiB, and JSON makes it longer.
const ITEM_LIMIT: usize = 5 * 1024 * 1024;

/// A kind of items.
pub(in crate::http) trait Noun: Send + Sync + 'static {
    /// As schemas call it.
    const NAME: &'static str;
    const COLLECTION: Collection;
    /// What is known of its members.
    const MEMBERS: &'static [(&'static str, Kind)];
    /// What lists show, besides the id; nothing stands for all.
    const LISTED: &'static [&'static str] = &[];
    /// What the answer to making one shows, besides the id; nothing stands for all.
    const CREATED: &'static [&'static str] = &[];
}

macro_rules! nouns {
    ($($name:ident {
        members: { $($kind:ident: $($member:ident)*;)* } $(listed: $listed:expr, created: $created:expr)?
    })*) => {$(
        pub(in crate::http) struct $name;

        impl Noun for $name {
            const NAME: &'static str = stringify!($name);
            const COLLECTION: Collection = Collection::$name;
            const MEMBERS: &'static [(&'static str, Kind)] = &[$($((stringify!($member), Kind::$kind),)*)*];
            $(
                const LISTED: &'static [&'static str] = &$listed;
                const CREATED: &'static [&'static str] = &$created;
            )?
        }
    )*};
}

nouns! {
    AccessList { members: { Text: address; Anything: comment; } }
    AuthProviders {
        members: {
            Text: name type;
            Flag: disabled;
            Object: config secret_config;
            List: metadata_fields;
            Anything: redirect_uris domain_restrictions;
        }
        listed: ["name", "type", "disabled"], created: []
    }
    Endpoints { members: { Text: name; } }
    EnvironmentValues { members: { Text: name; Object: values; } }
    Functions {
        members: { Text: name source; Flag: private run_as_system; Anything: can_evaluate run_as_user_id; }
        listed: ["name", "last_modified"], created: ["name"]
    }
    IncomingWebhooks { members: { Text: name; } listed: ["name", "last_modified"], created: [] }
    LogForwarders { members: { Text: name; Flag: disabled; } }
    DefaultRules { members: { Anything: roles filters; } }
    Rules { members: { Anything: database collection roles filters; } }
    Schemas { members: { Anything: metadata schema; } listed: ["metadata"], created: [] }
    Services {
        members: { Text: name; Anything: type config secret_config version; }
        listed: ["name", "type", "version", "last_modified"], created: ["name", "type", "version"]
    }
    Triggers { members: { Text: name; Flag: disabled; } }
    Values {
        members: { Text: name; Flag: private from_secret; Anything: value; }
        listed: ["name", "private"], created: ["name", "private"]
    }
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

impl<N: Noun> Describe for ItemPath<N> {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.errors(&[404]);
    }
}

type Body<N> = JsonBody<Given<N>, ITEM_LIMIT>;

pub(in crate::http) async fn list<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<Json<Vec<Listed<N>>>, Error> {
    let items = items::list(&state, &app, &by, path.place).await?;
    Ok(Json(items.iter().map(Listed::of).collect()))
}

pub(in crate::http) async fn create<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(Given { body, .. }): Body<N>,
) -> Result<Created<Made<N>>, Error> {
    let item = items::create(&state, &app, &by, path.place, body).await?;
    Ok(Created(Made::of(&item)))
}

pub(in crate::http) async fn get<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<Json<Shown<N>>, Error> {
    let id = path.id()?;
    let item = items::get(&state, &app, &by, path.place, id).await?;
    Ok(Json(Shown::of(&item)))
}

/// Replaces what is said of an item.
pub(in crate::http) async fn put<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(Given { body, .. }): Body<N>,
) -> Result<NoContent, Error> {
    let id = path.id()?;
    items::update(&state, &app, &by, path.place, id, |stored| *stored = body).await?;
    Ok(NoContent)
}

/// Replaces those members that are given; of `config` and `secret_config`, only their members that are given
/// (protocol §7.3).
pub(in crate::http) async fn patch<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
    JsonBody(Given { body, .. }): Body<N>,
) -> Result<NoContent, Error> {
    let id = path.id()?;
    items::update(&state, &app, &by, path.place, id, |stored| merge(stored, body)).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn delete<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<NoContent, Error> {
    let id = path.id()?;
    items::delete(&state, &app, &by, path.place, id).await?;
    Ok(NoContent)
}

pub(in crate::http) async fn enable<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<NoContent, Error> {
    let id = path.id()?;
    set_disabled(&state, &app, &by, path.place, id, false).await
}

pub(in crate::http) async fn disable<N: Noun>(
    State(state): State<ThreadState>,
    AdministeredApp { app, by }: AdministeredApp,
    path: ItemPath<N>,
) -> Result<NoContent, Error> {
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
) -> Result<NoContent, Error> {
    let set = |body: &mut Map<String, Value>| {
        body.insert("disabled".into(), disabled.into());
    };
    items::update(state, app, by, place, id, set).await?;
    Ok(NoContent)
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
