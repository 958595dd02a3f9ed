//! `/api/keystead/v1`: what administrators can do here that App Services did not have. Bodies, errors and
//! tokens are those of the admin API.

mod admin_keys;
mod audit;
mod backup;
mod doctor;
mod imports;
mod user_api_keys;

use super::route::{Route, at};
use crate::domain::backup::TIME_LIMIT;
use std::fmt::Write as _;

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
        at("/api/keystead/v1/backup").get(backup::get).within(TIME_LIMIT),
        at("/api/keystead/v1/doctor").get(doctor::get),
        at("/api/keystead/v1/apps/{app_id}/users/import").post(imports::users),
        at("/api/keystead/v1/apps/{app_id}/api_keys/import").post(imports::api_keys),
    ]
}

/// Hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
