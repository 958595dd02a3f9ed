//! `/api/keystead/v1`: what administrators can do here that App Services did not have. Bodies, errors and
//! tokens are those of the admin API.

mod audit;

use super::route::{Route, at};

/// Keystead's own routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        at("/api/keystead/v1/audit").get(audit::list, "Read the audit trail, newest first"),
        at("/api/keystead/v1/audit/verify")
            .post(audit::verify, "Verify that the audit trail is as it was written"),
    ]
}
