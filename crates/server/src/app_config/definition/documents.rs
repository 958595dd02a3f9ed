//! Between a definition and the documents of a folder, in both directions.

use super::{Collection, Definition, Item, derived_id};
use crate::app_config::layout::{Documents, Layout, SourceFile};
use crate::app_config::object::Document;
use keystead_protocol::id::ObjectId;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What the API and folders call the environment of an application that is in none.
const NO_ENVIRONMENT: (&str, &str) = ("none", "no-environment");
/// Members of a function that a folder has elsewhere.
const SOURCE: &str = "source";

impl Definition {
    /// What a folder of this application would say.
    pub(in crate::app_config) fn documents(&self, client_app_id: &str) -> Documents {
        let mut root = self.settings.clone();
        root.insert("app_id".into(), client_app_id.into());
        let custom_user_data = Value::Object(self.custom_user_data.clone());
        Documents {
            layout: Layout::Current,
            root: Some(document("the application", Value::Object(root))),
            origins: Some(document("allowed_request_origins", json!(self.allowed_request_origins))),
            providers: Some(self.documents_of(Collection::AuthProviders, "auth provider", "type")),
            custom_user_data: Some(document("custom_user_data", custom_user_data)),
            manifest: self.list(Collection::Functions).iter().map(manifest_entry).collect(),
            sources: self.list(Collection::Functions).iter().map(source).collect(),
            values: values_of(self.documents_of(Collection::Values, "value", "name")),
            environments: self.environments(),
            secrets: None,
        }
    }

    fn documents_of(&self, collection: Collection, kind: &str, name: &str) -> Vec<(String, Document)> {
        let of = |item: &Item| {
            let name = item.text(name).to_owned();
            let document = document(&format!("{kind} {name:?}"), Value::Object(item.body.clone()));
            (name, document)
        };
        self.list(collection).iter().map(of).collect()
    }

    /// The API has a value for each environment, a folder an environment with each value.
    fn environments(&self) -> BTreeMap<String, Document> {
        let mut environments: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for item in self.list(Collection::EnvironmentValues) {
            for (environment, value) in
                item.body.get("values").and_then(Value::as_object).into_iter().flatten()
            {
                let environment =
                    if environment == NO_ENVIRONMENT.0 { NO_ENVIRONMENT.1 } else { environment.as_str() };
                let values = environments.entry(environment.to_owned()).or_default();
                values.insert(item.name().to_owned(), value.clone());
            }
        }
        let file = |(name, values): (String, Map<String, Value>)| {
            let document = document(&format!("environment {name:?}"), json!({ "values": values }));
            (name, document)
        };
        environments.into_iter().map(file).collect()
    }

    /// The definition of an application from what its folder says, with ids that are always the same.
    pub(in crate::app_config) fn of_documents(documents: &Documents, client_app_id: &str) -> Self {
        let mut definition = Self::default();
        let object = |document: &Document| document.value.as_object().cloned().unwrap_or_default();
        if let Some(root) = &documents.root {
            definition.settings = object(root);
            definition.settings.retain(|name, _| {
                ["name", "location", "deployment_model", "provider_region", "environment"]
                    .contains(&name.as_str())
            });
        }
        if let Some(origins) = documents.origins.as_ref().and_then(|origins| origins.value.as_array()) {
            let origins = origins.iter().filter_map(|origin| origin.as_str().map(str::to_owned));
            definition.allowed_request_origins = origins.collect();
        }
        if let Some(data) = &documents.custom_user_data {
            definition.custom_user_data = object(data);
        }
        let mut insert = |collection, name: &str, mut body: Map<String, Value>| {
            let id = body.remove("_id").or_else(|| body.remove("id"));
            body.remove("id");
            let id = id.as_ref().and_then(Value::as_str).and_then(|id| id.parse::<ObjectId>().ok());
            let id = id.unwrap_or_else(|| derived_id(client_app_id, collection, name));
            definition.insert(collection, Item { id, parent: None, last_modified: 0, body });
        };
        for (name, provider) in documents.providers.iter().flatten() {
            insert(Collection::AuthProviders, name, object(provider));
        }
        for value in &documents.values {
            let body = object(value);
            let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            insert(Collection::Values, &name, body);
        }
        for (name, source) in &documents.sources {
            let entry = documents.manifest.iter().find(|entry| entry.value["name"] == **name);
            let mut body = entry.map(object).unwrap_or_default();
            body.insert("name".into(), name.as_str().into());
            body.insert(SOURCE.into(), source.text.as_deref().unwrap_or_default().into());
            insert(Collection::Functions, name, body);
        }
        for (name, values) in environment_values(&documents.environments) {
            insert(
                Collection::EnvironmentValues,
                &name,
                json_object(json!({"name": name, "values": values})),
            );
        }
        definition
    }
}

fn environment_values(environments: &BTreeMap<String, Document>) -> BTreeMap<String, Map<String, Value>> {
    let mut by_name: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (environment, document) in environments {
        let environment =
            if environment == NO_ENVIRONMENT.1 { NO_ENVIRONMENT.0 } else { environment.as_str() };
        for (name, value) in document.value["values"].as_object().into_iter().flatten() {
            by_name.entry(name.clone()).or_default().insert(environment.to_owned(), value.clone());
        }
    }
    by_name
}

fn json_object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

fn document(file: &str, value: Value) -> Document {
    Document { file: file.to_owned(), path: String::new(), value }
}

fn values_of(documents: Vec<(String, Document)>) -> Vec<Document> {
    documents.into_iter().map(|(_, document)| document).collect()
}

fn manifest_entry(item: &Item) -> Document {
    let mut body = item.body.clone();
    body.remove(SOURCE);
    body.insert("_id".into(), item.id.to_string().into());
    document(&format!("function {:?}", item.name()), Value::Object(body))
}

fn source(item: &Item) -> (String, SourceFile) {
    let file = format!("functions/{}.js", item.name());
    (item.name().to_owned(), SourceFile { file, text: Some(item.text(SOURCE).to_owned()) })
}
