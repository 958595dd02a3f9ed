//! The rules: who may log in, make keys, end sessions. A rule is an async function that takes the
//! server's state, values that were parsed at the edge, and returns what happened or an
//! [`Error`](crate::error::Error) named by its cause. No HTTP and no SQL here.

pub mod admin_keys;
pub mod administered_accounts;
pub mod admins;
pub mod api_keys;
pub mod app_logs;
pub mod apps;
pub mod audit;
pub mod backup;
pub mod doctor;
pub mod email_password;
pub mod foreign_keys;
pub mod foreign_passwords;
pub mod functions;
pub mod ids;
pub mod imports;
pub mod link;
pub mod login;
pub mod mac;
pub mod mailing;
pub mod managed_api_keys;
pub mod passwords;
pub mod pepper;
pub mod providers;
pub mod request_notes;
pub mod secret_key;
pub mod server_keys;
pub mod sessions;
pub mod signing_keys;
pub mod throttle;
pub mod throttles;
pub mod tokens;
pub mod usage;
pub mod users;
