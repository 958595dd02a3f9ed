//! `/api/keystead/v1`: what administrators can do here that App Services did not have. Bodies, errors and
//! tokens are those of the admin API.

mod admin_keys;
mod audit;
mod user_api_keys;

use super::route::{Route, at};

/// Keystead's own routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        at("/api/keystead/v1/admin_keys").get(admin_keys::list).post(admin_keys::create),
        at("/api/keystead/v1/admin_keys/{admin_key_id}").delete(admin_keys::delete),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys")
            .get(user_api_keys::list)
            .post(user_api_keys::create),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}").delete(user_api_keys::delete),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}/enable")
            .put(user_api_keys::enable),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}/disable")
            .put(user_api_keys::disable),
        at("/api/keystead/v1/audit").get(audit::list),
        at("/api/keystead/v1/audit/verify").post(audit::verify),
    ]
}
