//! What is read from a folder, whatever its layout.

use crate::{corpus, read};
use keystead_server::app_config::AppConfig;
use keystead_server::app_config::custom_token::KeySource;
use keystead_server::app_config::email_password::{Confirmation, PasswordReset};
use serde_json::json;

fn complete(layout: &str) -> AppConfig {
    read(&corpus().join(format!("complete-{layout}/app"))).0.unwrap()
}

const LAYOUTS: [&str; 4] = ["current", "v20210101", "v20200603", "v20180301"];

#[test]
fn every_layout_says_the_same_of_the_application() {
    for layout in LAYOUTS {
        let app = complete(layout);
        assert_eq!((app.client_app_id.as_str(), app.name.as_str()), ("corpus-abcde", "corpus"), "{layout}");
        assert_eq!((app.deployment_model.as_str(), app.location.as_str()), ("LOCAL", "IE"), "{layout}");
        assert_eq!(app.provider_region.as_deref(), Some("aws-us-east-1"), "{layout}");
        assert_eq!(app.allowed_request_origins, ["https://example.com"], "{layout}");
        assert_eq!(app.environment.tag, "production", "{layout}");
        assert_eq!(app.environment.values["url"], "production", "{layout}");
        assert_eq!(app.on_user_creation_function.as_deref(), Some("onCreate"), "{layout}");
        assert_eq!(app.values["plain"].value, json!({"a": [1, 2]}), "{layout}");
        assert!(app.values["plain"].private && !app.values["hidden"].private, "{layout}");
        assert_eq!(app.values["hidden"].value, "planted-secret-of-the-folder-0123456789", "{layout}");
        assert!(!format!("{:?}", app.values).contains("planted"), "{layout}");
    }
}

#[test]
fn every_layout_says_the_same_of_the_providers() {
    for layout in LAYOUTS {
        let providers = complete(layout).providers;
        assert!(providers.anonymous && providers.api_key, "{layout}");
        assert_eq!(providers.custom_function.as_deref(), Some("logIn"), "{layout}");
        let prefix = if layout.starts_with("v20200") || layout.starts_with("v2018") { "" } else { "auth/" };
        let email = providers.email_password.unwrap();
        assert!(
            matches!(email.confirmation, Confirmation::Function(name) if name == format!("{prefix}confirm"))
        );
        assert!(matches!(email.reset, PasswordReset::Function(name) if name == format!("{prefix}reset")));
        let token = providers.custom_token.unwrap();
        assert_eq!(token.audiences, ["corpus-abcde", "other"], "{layout}");
        assert!(token.any_audience, "{layout}");
        // From the environment, from secrets.json, and from its section for this provider.
        assert!(matches!(token.keys, KeySource::Configured(keys) if keys.len() == 3), "{layout}");
        assert_eq!(token.metadata_fields[0].path, ["user", "email"], "{layout}");
        assert!(token.metadata_fields[0].required, "{layout}");
        assert_eq!(token.metadata_fields[1].name, "https://example.com/job", "{layout}");
    }
}

#[test]
fn functions_have_what_the_manifest_says_and_defaults_where_it_says_nothing() {
    for layout in ["current", "v20210101"] {
        let functions = complete(layout).functions;
        let names: Vec<_> = functions.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["auth/confirm", "auth/reset", "logIn", "onCreate", "unlisted"], "{layout}");
        let confirm = functions.get("auth/confirm").unwrap();
        assert_eq!(&*confirm.source, "exports = () => ({ status: 'success' });\n");
        assert_eq!(confirm.file, "functions/auth/confirm.js");
        assert!(confirm.private && confirm.run_as_system && !confirm.disable_arg_logs);
        assert!(functions.get("auth/reset").unwrap().disable_arg_logs);
        let log_in = functions.get("logIn").unwrap();
        assert_eq!(log_in.can_evaluate, json!({"%%user.id": {"%exists": true}}));
        assert_eq!(log_in.run_as_user_id.as_deref(), Some("5f0000000000000000000000"));
        let script = &functions.get("onCreate").unwrap().run_as_user_id_script_source;
        assert_eq!(script.as_deref(), Some("exports = () => 'x';"));
        let unlisted = functions.get("unlisted").unwrap();
        assert!(!unlisted.private && !unlisted.run_as_system && !unlisted.disable_arg_logs);
        assert_eq!(unlisted.can_evaluate, json!({}));
        assert_eq!((&unlisted.run_as_user_id, &unlisted.run_as_user_id_script_source), (&None, &None));
        assert!(functions.get("confirm").is_none());
    }
}

#[test]
fn functions_of_the_oldest_layouts_are_directories() {
    for layout in ["v20200603", "v20180301"] {
        let functions = complete(layout).functions;
        let names: Vec<_> = functions.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["confirm", "logIn", "onCreate", "reset", "unlisted"], "{layout}");
        assert_eq!(functions.get("reset").unwrap().file, "functions/reset/source.js");
        assert!(functions.get("confirm").unwrap().private);
        let log_in = functions.get("logIn").unwrap();
        assert!(log_in.run_as_system && log_in.disable_arg_logs && !log_in.private);
    }
}
