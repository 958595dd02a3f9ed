//! `/api/keystead/v1`: what administrators can do here that App Services did not have. Bodies, errors and
//! tokens are those of the admin API.

mod audit;
mod backup;
mod doctor;
mod imports;

use super::route::{Route, at};
use crate::domain::backup::TIME_LIMIT;
use std::fmt::Write as _;

/// Keystead's own routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
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
