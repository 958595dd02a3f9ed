//! An application as its functions see it: sources, `context.app`, `context.environment` and
//! `context.values` (protocol §9).

use super::{App, AppConfig, Source};
use crate::store::apps::AppRecord;
use keystead_functions::{FunctionSource, Program, ProgramParts};
use serde_json::{Value, json};
use std::sync::Arc;

impl App {
    /// An application, ready to be served.
    pub fn new(ids: AppRecord, mut config: AppConfig, source: Option<Source>) -> Self {
        config.definition.set_provider_ids(&ids);
        let program = Arc::new(Program::new(parts(&ids, &config)));
        Self { ids, config, source, program }
    }

    /// The application's program with one function more.
    pub fn program_with(&self, name: &str, source: String) -> Program {
        let mut parts = parts(&self.ids, &self.config);
        parts.functions.insert(name.to_owned(), FunctionSource { source, run_as_system: false });
        Program::new(parts)
    }

    /// `context.environment`.
    pub fn environment(&self) -> Value {
        environment(&self.config)
    }

    /// The name under which the program has the script that says as whom `function` runs. No function of
    /// a folder can have it.
    pub fn run_as_script(function: &str) -> String {
        format!("{function}:run_as_user_id_script_source")
    }
}

fn environment(config: &AppConfig) -> Value {
    json!({ "tag": config.environment.tag, "values": config.environment.values })
}

fn parts(ids: &AppRecord, config: &AppConfig) -> ProgramParts {
    let mut parts = ProgramParts {
        application: config.client_app_id.clone(),
        app: json!({
            "id": ids.app_id.to_string(),
            "clientAppId": config.client_app_id,
            "name": config.name,
            "projectId": "",
            "deployment": { "model": config.deployment_model, "providerRegion": config.provider_region },
        }),
        environment: environment(config),
        ..ProgramParts::default()
    };
    for (name, value) in &config.values {
        parts.values.insert(name.clone(), value.value.clone());
    }
    for (name, function) in config.functions.iter() {
        let source =
            FunctionSource { source: function.source.to_string(), run_as_system: function.run_as_system };
        parts.functions.insert(name.to_owned(), source);
        if let Some(script) = &function.run_as_user_id_script_source {
            let script = FunctionSource { source: script.clone(), run_as_system: true };
            parts.functions.insert(App::run_as_script(name), script);
        }
    }
    parts
}
