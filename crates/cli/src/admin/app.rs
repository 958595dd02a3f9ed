//! Which application a command is about.

use super::client::{Client, Scope, segment};
use super::exit::Failure;
use serde_json::Value;

/// An application of the server, and its routes.
pub(crate) struct App<'c> {
    /// As the API shows it.
    pub(crate) shown: Value,
    /// The protocol's routes.
    pub(crate) routes: Scope<'c>,
    /// Keystead's own routes.
    pub(crate) own: Scope<'c>,
}

impl App<'_> {
    /// What clients call it.
    pub(crate) fn client_app_id(&self) -> &str {
        self.shown["client_app_id"].as_str().unwrap_or_default()
    }
}

/// The application with this client app id or `_id`; if none is named, the only one.
pub(crate) async fn choose<'c>(client: &'c Client, wanted: Option<&str>) -> Result<App<'c>, Failure> {
    let group = client.group().await?;
    let apps = group.list("/apps").await?;
    let is_wanted = |app: &Value, id: &str| app["client_app_id"] == id || app["_id"] == id;
    let names = || apps.iter().filter_map(|app| app["client_app_id"].as_str()).collect::<Vec<_>>().join(", ");
    let found = match (wanted, apps.as_slice()) {
        (Some(id), _) => apps.iter().find(|app| is_wanted(app, id)).ok_or_else(|| {
            Failure::NotFound(format!("there is no application {id}; the server has {}", names()))
        })?,
        (None, [only]) => only,
        (None, []) => return Err(Failure::NotFound("the server has no application".to_owned())),
        (None, _) => {
            return Err(Failure::Usage(format!("say which application with --app: {}", names())));
        }
    };
    let path = format!("/apps/{}", segment(found["_id"].as_str().unwrap_or_default()));
    Ok(App { shown: found.clone(), routes: group.below(&path), own: client.own().below(&path) })
}
