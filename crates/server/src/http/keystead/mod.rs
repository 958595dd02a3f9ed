//! `/api/keystead/v1`: what administrators can do here that App Services did not have. Bodies, errors and
//! tokens are those of the admin API.

mod admin_keys;
mod audit;
mod backup;
mod doctor;
mod imports;
mod user_api_keys;

use super::describe::about;
use super::route::{Route, at};
use crate::domain::backup::TIME_LIMIT;
use std::fmt::Write as _;

/// Keystead's own routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        at("/api/keystead/v1/admin_keys").get(admin_keys::list, "List the key pairs of administrators").post(
            admin_keys::create,
            about("Create a key pair for a program that administers").errors(&[404, 409]),
        ),
        at("/api/keystead/v1/admin_keys/{admin_key_id}")
            .delete(admin_keys::delete, "Delete a key pair, and end its sessions"),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys")
            .get(user_api_keys::list, "List the API keys of a user")
            .post(user_api_keys::create, about("Create an API key for a user").errors(&[403, 409])),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}")
            .delete(user_api_keys::delete, "Delete an API key of a user"),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}/enable")
            .put(user_api_keys::enable, about("Enable an API key of a user").errors(&[403])),
        at("/api/keystead/v1/apps/{app_id}/users/{user_id}/api_keys/{key_id}/disable")
            .put(user_api_keys::disable, about("Disable an API key of a user").errors(&[403])),
        at("/api/keystead/v1/audit")
            .get(audit::list, about("Read the audit trail, newest first").errors(&[403])),
        at("/api/keystead/v1/audit/verify")
            .post(audit::verify, "Verify that the audit trail is as it was written"),
        at("/api/keystead/v1/backup").get(backup::get, "Take a copy of the store").within(TIME_LIMIT),
        at("/api/keystead/v1/doctor").get(doctor::get, "Examine the server"),
        at("/api/keystead/v1/apps/{app_id}/users/import")
            .post(imports::users, about("Import users, from JSON lines").text().errors(&[403])),
        at("/api/keystead/v1/apps/{app_id}/api_keys/import").post(
            imports::api_keys,
            about("Import API keys that are known by their hashes, from JSON lines").text().errors(&[403]),
        ),
    ]
}

/// Hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
