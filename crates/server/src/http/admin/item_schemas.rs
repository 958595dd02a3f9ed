//! What items look like, given and shown. An item may say more of itself than is known here.

use super::items::Noun;
use crate::app_config::definition::Item;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::marker::PhantomData;

/// What a member of an item may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum Kind {
    Text,
    Flag,
    Object,
    List,
    Anything,
}

impl Kind {
    fn schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Object => json!({ "type": "object" }),
            Self::List => json!({ "type": "array" }),
            Self::Anything => json!({}),
        }
    }
}

/// What is said of an item by whoever makes or changes it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::http) struct Given<N> {
    pub(super) body: Map<String, Value>,
    #[serde(skip)]
    of: PhantomData<N>,
}

/// An item, shown whole, as it is listed, or as it is when it was just made.
#[derive(Serialize)]
#[serde(transparent)]
pub(in crate::http) struct Shown<N, const HOW: u8 = WHOLE> {
    item: Value,
    #[serde(skip)]
    of: PhantomData<N>,
}

const WHOLE: u8 = 0;
const LISTED: u8 = 1;
const MADE: u8 = 2;

/// An item of a list.
pub(in crate::http) type Listed<N> = Shown<N, LISTED>;
/// An item that was just made.
pub(in crate::http) type Made<N> = Shown<N, MADE>;

impl<N: Noun, const HOW: u8> Shown<N, HOW> {
    /// The members that are shown; none stand for all.
    const MEMBERS: &'static [&'static str] = match HOW {
        LISTED => N::LISTED,
        MADE => N::CREATED,
        _ => &[],
    };

    pub(super) fn of(item: &Item) -> Self {
        let mut shown = Map::from_iter([("_id".to_owned(), json!(item.id))]);
        let mut whole = item.body.clone();
        whole.insert("last_modified".into(), item.last_modified.into());
        if Self::MEMBERS.is_empty() {
            shown.extend(whole);
        } else {
            shown.extend(Self::MEMBERS.iter().filter_map(|name| whole.remove_entry(*name)));
        }
        Self { item: Value::Object(shown), of: PhantomData }
    }
}

fn properties<N: Noun>() -> Map<String, Value> {
    N::MEMBERS.iter().map(|(name, kind)| ((*name).to_owned(), kind.schema())).collect()
}

impl<N: Noun> JsonSchema for Given<N> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Given", N::NAME).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "properties": properties::<N>() })
    }
}

impl<N: Noun, const HOW: u8> JsonSchema for Shown<N, HOW> {
    fn schema_name() -> Cow<'static, str> {
        let how = match HOW {
            LISTED => "Listed",
            MADE => "Made",
            _ => "Shown",
        };
        format!("{}{how}", N::NAME).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = properties::<N>();
        properties
            .insert("last_modified".into(), json!({ "type": "integer", "description": "Unix seconds" }));
        if !Self::MEMBERS.is_empty() {
            properties.retain(|name, _| Self::MEMBERS.contains(&name.as_str()));
        }
        let id = generator.subschema_for::<keystead_protocol::id::ObjectId>();
        properties.insert("_id".into(), id.to_value());
        let open = Self::MEMBERS.is_empty();
        schemars::json_schema!({
            "type": "object", "properties": properties, "required": ["_id"], "additionalProperties": open,
        })
    }
}
