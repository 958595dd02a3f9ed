//! Applications (protocol §7.2).

use super::AdministeredGroup;
use crate::domain::admins::GROUP_ID;
use crate::state::ThreadState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredGroup(by): AdministeredGroup,
) -> Json<Vec<Value>> {
    let apps = state.apps();
    let mut apps: Vec<_> = apps.iter().filter(|app| by.scope.includes(app.ids.app_id)).collect();
    apps.sort_by_key(|app| app.ids.app_id);
    let shown = apps.into_iter().map(|app| {
        json!({
            "_id": app.ids.app_id,
            "client_app_id": app.ids.client_app_id,
            "name": app.config.name,
            "location": app.config.location,
            "deployment_model": app.config.deployment_model,
            "domain_id": app.ids.domain_id,
            "group_id": GROUP_ID,
            "product": "standard",
            "environment": "",
        })
    });
    Json(shown.collect())
}
