//! The functions of one application and what they can read, as text. Compiled code is never kept: it would
//! be shared between calls.

use crate::wire::{self, FunctionText, ProgramText, ToWorker};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a [`Program`] is made of.
#[derive(Clone, Default)]
pub struct ProgramParts {
    /// Identifies the application. Programs of different applications never share a worker process.
    pub application: String,
    /// `context.app`, as EJSON.
    pub app: Value,
    /// `context.environment`, as EJSON: `{"tag": …, "values": …}`.
    pub environment: Value,
    /// What `context.values.get` answers, as EJSON.
    pub values: BTreeMap<String, Value>,
    /// The functions by name.
    pub functions: BTreeMap<String, FunctionSource>,
}

/// One function, as far as running it goes.
#[derive(Clone)]
pub struct FunctionSource {
    /// JavaScript that assigns `exports`.
    pub source: String,
    /// Whether it runs as system, whoever calls it.
    pub run_as_system: bool,
}

/// The functions of one application, ready to be sent to workers. Shared as `Arc<Program>`.
pub struct Program {
    application: String,
    names: BTreeSet<String>,
    /// As a worker reads it; made once.
    pub(crate) frame: Vec<u8>,
    /// Tells versions of a program apart.
    pub(crate) digest: [u8; 32],
}

impl Program {
    /// Prepares the parts. Nothing is compiled or checked: a function with an error fails when it is called.
    pub fn new(parts: ProgramParts) -> Self {
        let names = parts.functions.keys().cloned().collect();
        let function = |(name, function): (String, FunctionSource)| {
            (name, FunctionText { source: function.source, run_as_system: function.run_as_system })
        };
        let value = |(name, value): (String, Value)| (name, value.to_string());
        let text = ProgramText {
            app: parts.app.to_string(),
            environment: parts.environment.to_string(),
            values: parts.values.into_iter().map(value).collect(),
            functions: parts.functions.into_iter().map(function).collect(),
        };
        let frame = wire::frame(&ToWorker::Program(text));
        let mut digest = [0; 32];
        let whole = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &frame);
        digest.copy_from_slice(whole.as_ref());
        Self { application: parts.application, names, frame, digest }
    }

    /// The application that the program is of.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Whether there is a function of this name.
    pub fn has(&self, function: &str) -> bool {
        self.names.contains(function)
    }
}
