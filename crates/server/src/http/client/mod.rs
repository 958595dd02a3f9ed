//! `/api/client/v2.0`: what applications call (protocol §1). One file per noun; a handler parses,
//! calls one rule, and answers.

pub(super) mod api_keys;
pub(super) mod email_password;
pub(super) mod functions;
pub(super) mod jwks;
pub(super) mod location;
pub(super) mod login;
pub(super) mod profile;
pub(super) mod session;
