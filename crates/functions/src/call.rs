//! What one call is about. How it is carried out is in `pool` and `worker`.

use crate::Program;
use serde_json::Value;
use std::sync::Arc;

/// One call of a function.
#[derive(Clone)]
pub struct Call {
    /// The program that the function is part of.
    pub program: Arc<Program>,
    /// The name of the function, like `folder/name`.
    pub function: String,
    /// The arguments, as EJSON.
    pub arguments: Vec<Value>,
    /// Who calls, and how.
    pub context: CallContext,
}

/// What the function sees of its caller.
#[derive(Clone)]
pub struct CallContext {
    /// `context.user`, as EJSON; `None` for the system user. Identities need only one of the spellings
    /// `provider_type` and `providerType`: the function sees both.
    pub user: Option<Value>,
    /// `context.request`, as EJSON.
    pub request: Value,
    /// What `context.runningAsSystem()` answers. A function with `run_as_system` runs as system anyway.
    pub running_as_system: bool,
}
