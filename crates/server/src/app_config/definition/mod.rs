//! What an application is made of, as the admin API shows and changes it: settings, and collections of
//! items. It is data of no particular correctness; `documents.rs` turns it into what a folder would say,
//! so that it is checked by the very code that checks folders.

mod documents;

use keystead_protocol::id::{AdminId, ObjectId};
use keystead_protocol::provider::ProviderType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// `name`, `location`, `deployment_model`, `provider_region`, `environment`.
    pub settings: Map<String, Value>,
    /// Browser origins that may call.
    pub allowed_request_origins: Vec<String>,
    /// How long a session lasts, in seconds; `None`: as the server is set.
    pub refresh_token_lifetime: Option<u64>,
    /// `auth/custom_user_data.json` of a folder.
    pub custom_user_data: Map<String, Value>,
    /// The configuration of sync, which is kept and not run.
    pub sync: Map<String, Value>,
    /// The configuration of deployments, which is kept and means nothing here.
    pub deploy: Map<String, Value>,
    /// Everything that there can be several of.
    pub items: BTreeMap<Collection, Vec<Item>>,
    /// The last change.
    pub modified: Option<Modified>,
}

/// Who changed a definition when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modified {
    /// Unix seconds.
    pub at: i64,
    /// The administrator.
    pub by: AdminId,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The id.
    pub id: ObjectId,
    /// What it belongs to, such as a rule to its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ObjectId>,
    /// Unix seconds.
    pub last_modified: i64,
    /// Everything else that was said of it.
    pub body: Map<String, Value>,
}

/// The kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Collection {
    AccessList,
    AuthProviders,
    DefaultRules,
    Endpoints,
    EnvironmentValues,
    Functions,
    IncomingWebhooks,
    LogForwarders,
    Rules,
    Schemas,
    Services,
    Triggers,
    Values,
}

impl Collection {
    /// What one of them is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::AccessList => "access list entry",
            Self::AuthProviders => "authentication provider",
            Self::DefaultRules => "default rule",
            Self::Endpoints => "endpoint",
            Self::EnvironmentValues => "environment value",
            Self::Functions => "function",
            Self::IncomingWebhooks => "incoming webhook",
            Self::LogForwarders => "log forwarder",
            Self::Rules => "rule",
            Self::Schemas => "schema",
            Self::Services => "service",
            Self::Triggers => "trigger",
            Self::Values => "value",
        }
    }
}

impl Item {
    /// Its name; that of a provider is its type.
    pub fn name(&self) -> &str {
        self.body.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The string of this member, or an empty one.
    pub fn text(&self, member: &str) -> &str {
        self.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Definition {
    /// The items of a kind, in the order in which they were made.
    pub fn list(&self, collection: Collection) -> &[Item] {
        self.items.get(&collection).map_or(&[], Vec::as_slice)
    }

    /// One item.
    pub fn find(&self, collection: Collection, id: ObjectId) -> Option<&Item> {
        self.list(collection).iter().find(|item| item.id == id)
    }

    /// One item, to be changed.
    pub fn find_mut(&mut self, collection: Collection, id: ObjectId) -> Option<&mut Item> {
        self.items.get_mut(&collection)?.iter_mut().find(|item| item.id == id)
    }

    /// The item of this name, among those with this parent.
    pub fn named(&self, collection: Collection, parent: Option<ObjectId>, name: &str) -> Option<&Item> {
        self.list(collection).iter().find(|item| item.parent == parent && item.name() == name)
    }

    /// Adds an item.
    pub fn insert(&mut self, collection: Collection, item: Item) {
        self.items.entry(collection).or_default().push(item);
    }

    /// Removes an item with all that belongs to it. Whether it was there.
    pub fn remove(&mut self, collection: Collection, id: ObjectId) -> bool {
        let items = self.items.entry(collection).or_default();
        let before = items.len();
        items.retain(|item| item.id != id);
        let removed = items.len() < before;
        for items in self.items.values_mut() {
            items.retain(|item| item.parent != Some(id));
        }
        removed
    }

    /// A setting that is text, or an empty one.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Gives providers the ids that the application has for them.
    pub(super) fn set_provider_ids(&mut self, ids: &crate::store::apps::AppRecord) {
        for item in self.items.entry(Collection::AuthProviders).or_default() {
            let provider_type = item.text("type").parse::<ProviderType>();
            if let Some(id) = provider_type.ok().and_then(|known| ids.provider_ids.get(&known)) {
                item.id = *id.object_id();
            }
        }
    }
}

/// The id of something in a folder that has none: always the same for the same thing.
fn derived_id(client_app_id: &str, collection: Collection, name: &str) -> ObjectId {
    let digest = Sha256::digest(format!("{client_app_id}\n{collection:?}\n{name}"));
    let mut id = [0; 12];
    id.copy_from_slice(&digest[..12]);
    ObjectId::from_bytes(id)
}
