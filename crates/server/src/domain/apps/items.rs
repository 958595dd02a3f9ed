//! Items of an application: auth providers, functions, values, services and the like. Each is one member of the
//! application's definition; whether the whole is right is checked by [`changes::change`].

use super::changes;
use crate::app_config::App;
use crate::app_config::definition::{Collection, Definition, Item};
use crate::domain::admins::Administrator;
use crate::domain::audit;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::Action;
use keystead_protocol::id::ObjectId;
use keystead_protocol::provider::ProviderType;
use serde_json::{Map, Value};

/// Where an item is, or is to be.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What kind it is.
    pub collection: Collection,
    /// What it belongs to.
    pub parent: Option<ObjectId>,
}

/// The items of a place.
///
/// # Errors
/// There is no such parent.
pub async fn list(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    place: Place,
) -> Result<Vec<Item>, Error> {
    let definition = changes::view(state, app, by).await?;
    check_parent(&definition, place)?;
    let items = definition.list(place.collection).iter().filter(|item| item.parent == place.parent);
    Ok(items.cloned().collect())
}

/// One item.
///
/// # Errors
/// There is no such item.
pub async fn get(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    place: Place,
    id: ObjectId,
) -> Result<Item, Error> {
    let definition = changes::view(state, app, by).await?;
    find(&definition, place, id).cloned()
}

/// Adds an item.
///
/// # Errors
/// Its name is missing or taken, its parent is not there, or the application would not be right with it.
pub async fn create(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    place: Place,
    mut body: Map<String, Value>,
) -> Result<Item, Error> {
    let now = state.clock.now();
    let mut id = state.ids.next(now);
    if place.collection == Collection::AuthProviders {
        id = prepare_provider(app, &mut body)?;
    }
    strip(&mut body);
    let event = audit::by_admin(state, by, Some(app), Action::AppItemCreated).about(&subject(place, id));
    changes::change(state, app, by, event, |definition| {
        check_parent(definition, place)?;
        let item = Item { id, parent: place.parent, last_modified: now.unix_seconds(), body };
        // A provider's id is that of its type.
        if definition.find(place.collection, id).is_some() {
            return Err(Error::ItemExists(place.collection));
        }
        check_name(definition, place, &item)?;
        definition.insert(place.collection, item.clone());
        Ok(item)
    })
    .await
}

/// Lets `edit` change what is said of an item.
///
/// # Errors
/// As for [`create`], or there is no such item.
pub async fn update(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    place: Place,
    id: ObjectId,
    edit: impl FnOnce(&mut Map<String, Value>) + Send,
) -> Result<(), Error> {
    let now = state.clock.now();
    let event = audit::by_admin(state, by, Some(app), Action::AppItemUpdated).about(&subject(place, id));
    changes::change(state, app, by, event, |definition| {
        let mut item = find(definition, place, id)?.clone();
        let (name, kind) = (item.body.get("name").cloned(), item.body.get("type").cloned());
        edit(&mut item.body);
        strip(&mut item.body);
        // What an item is called and what it is may be left out.
        for (member, old) in [("name", name), ("type", kind)] {
            if let Some(old) = old {
                item.body.entry(member).or_insert(old);
            }
        }
        item.last_modified = now.unix_seconds();
        check_name(definition, place, &item)?;
        if let Some(stored) = definition.find_mut(place.collection, id) {
            *stored = item;
        }
        Ok(())
    })
    .await
}

/// Removes an item with all that belongs to it.
///
/// # Errors
/// There is no such item, or the application would not be right without it.
pub async fn delete(
    state: &ServerState,
    app: &App,
    by: &Administrator,
    place: Place,
    id: ObjectId,
) -> Result<(), Error> {
    let event = audit::by_admin(state, by, Some(app), Action::AppItemDeleted).about(&subject(place, id));
    changes::change(state, app, by, event, |definition| {
        find(definition, place, id)?;
        definition.remove(place.collection, id);
        Ok(())
    })
    .await
}

fn subject(place: Place, id: ObjectId) -> String {
    format!("{} {id}", place.collection.noun())
}

fn find(definition: &Definition, place: Place, id: ObjectId) -> Result<&Item, Error> {
    let item = definition.find(place.collection, id).filter(|item| item.parent == place.parent);
    item.ok_or(Error::ItemNotFound(place.collection))
}

/// Whatever belongs to something belongs to a service.
fn check_parent(definition: &Definition, place: Place) -> Result<(), Error> {
    match place.parent {
        Some(parent) if definition.find(Collection::Services, parent).is_none() => {
            Err(Error::ItemNotFound(Collection::Services))
        }
        _ => Ok(()),
    }
}

fn check_name(definition: &Definition, place: Place, item: &Item) -> Result<(), Error> {
    let collection = place.collection;
    let taken = |other: &&Item| other.id != item.id && other.parent == item.parent;
    let mut others = definition.list(collection).iter().filter(taken);
    let clashes = match collection {
        // The one of its service.
        Collection::DefaultRules => others.next().is_some(),
        Collection::AuthProviders => others.any(|other| other.text("type") == item.text("type")),
        Collection::AccessList | Collection::Rules | Collection::Schemas => false,
        _ if item.name().is_empty() => return Err(Error::ItemNameMissing),
        _ => others.any(|other| other.name() == item.name()),
    };
    if clashes { Err(Error::ItemExists(collection)) } else { Ok(()) }
}

/// Fills in what a provider may leave out, and says its id, which every application has for each type.
fn prepare_provider(app: &App, body: &mut Map<String, Value>) -> Result<ObjectId, Error> {
    let provider_type = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let known = provider_type.parse::<ProviderType>().map_err(|_| {
        let all: Vec<_> = ProviderType::ALL.iter().map(|known| known.as_str()).collect();
        Error::ConfigurationInvalid(format!("'type' must be one of {}", all.join(", ")))
    })?;
    body.entry("name").or_insert_with(|| known.as_str().into());
    body.entry("disabled").or_insert(false.into());
    Ok(*app.provider_id(known).object_id())
}

/// What the server says of an item is nothing to be stored.
fn strip(body: &mut Map<String, Value>) {
    for member in ["_id", "id", "last_modified"] {
        body.remove(member);
    }
}
