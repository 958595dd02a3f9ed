//! The oldest layouts, v20200603 and v20180301 (protocol §8.3), as far as they concern log-in and
//! functions.

use super::{Documents, Layout, SourceFile};
use crate::app_config::files::{Files, MAX_FUNCTION};
use crate::app_config::object::Document;
use crate::app_config::report::Report;
use serde_json::Value;

pub(super) fn read(files: &Files, mut root: Option<Document>, report: &mut Report) -> Documents {
    let mut take = |name: &str| root.as_mut().and_then(|root: &mut Document| root.take(name));
    let origins = take("security").and_then(|mut security| security.take("allowed_request_origins"));
    let custom_user_data = take("custom_user_data_config");
    notice_features(take, report);
    let providers = super::json_files(files, "auth_providers", report);
    let mut documents = super::common(files, Layout::Legacy, root, report);
    documents.origins = origins;
    documents.custom_user_data = custom_user_data;
    documents.providers = files.has("auth_providers").then_some(providers);
    read_functions(files, &mut documents, report);
    documents
}

/// In these layouts some features are configured in the root file.
fn notice_features(mut take: impl FnMut(&str) -> Option<Document>, report: &mut Report) {
    for feature in ["sync", "hosting"] {
        let Some(found) = take(feature) else { continue };
        let is_on = |name: &str| found.value.get(name).is_some_and(|value| *value == Value::Bool(true));
        if feature == "sync" || is_on("enabled") {
            report.notice(
                &found.file,
                &found.path,
                &format!("{feature} is ignored: Keystead does not run it"),
            );
        }
    }
}

/// Each function is a directory of its name.
fn read_functions(files: &Files, documents: &mut Documents, report: &mut Report) {
    for entry in files.list("functions", report) {
        let directory = format!("functions/{}", entry.name);
        if !entry.is_directory {
            report.notice(&directory, "", "this is not read: in this layout each function is a directory");
            continue;
        }
        for below in files.list(&directory, report) {
            if !matches!(below.name.as_str(), "config.json" | "source.js") {
                report.notice(&format!("{directory}/{}", below.name), "", "Keystead does not know this file");
            }
        }
        if let Some(mut config) = files.json(&format!("{directory}/config.json"), report) {
            if let Value::Object(members) = &mut config.value {
                members.entry("name").or_insert_with(|| entry.name.clone().into());
            }
            documents.manifest.push(config);
        }
        let file = format!("{directory}/source.js");
        if files.has(&file) {
            let text = files.text(&file, MAX_FUNCTION, report);
            documents.sources.insert(entry.name, SourceFile { file, text });
        } else if !files.has(&format!("{directory}/config.json")) {
            report.notice(&directory, "", "this is no function: there is no source.js in it");
        }
    }
}
