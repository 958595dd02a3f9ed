//! What else is in a folder: features that Keystead does not run, and files it does not know. Each is
//! said, so that nothing is dropped silently.

use super::{Layout, ROOT_FILES};
use crate::app_config::files::{Entry, Files, SECRETS};
use crate::app_config::report::Report;
use crate::app_config::suggest::did_you_mean;

/// Directories and files that are read, whatever the layout.
const READ: [&str; 4] = ["functions", "values", "environments", SECRETS];
const AUTH: &str = "auth";
const AUTH_LEGACY: &str = "auth_providers";

/// A directory, and what it is for.
const FEATURES: [(&str, &str); 11] = [
    ("data_sources", "data sources and their rules are ignored: Keystead gives no access to data"),
    ("data_api_config.json", "the Data API is ignored: Keystead gives no access to data"),
    ("graphql", "GraphQL is ignored: Keystead gives no access to data"),
    ("hosting", "static hosting is ignored: use any web server"),
    ("http_endpoints", "HTTPS endpoints are ignored: Keystead does not serve them"),
    ("https_endpoints", "HTTPS endpoints are ignored: Keystead does not serve them"),
    ("log_forwarders", "log forwarders are ignored: Keystead logs to standard error"),
    ("schemas", "schemas are ignored: Keystead gives no access to data"),
    ("services", "services, their rules and webhooks are ignored: Keystead does not run them"),
    ("sync", "sync is ignored: Keystead does not run it"),
    ("triggers", "triggers are ignored: Keystead does not run them"),
];

/// Deeper is not looked for use.
const MAX_DEPTH: usize = 6;

pub(super) fn notice(files: &Files, layout: Layout, root_file: &str, report: &mut Report) {
    let auth = if layout == Layout::Legacy { AUTH_LEGACY } else { AUTH };
    for entry in files.list("", report) {
        let name = entry.name.as_str();
        if name == root_file || name == auth || READ.contains(&name) {
            continue;
        }
        if let Some((_, message)) = FEATURES.iter().find(|(feature, _)| *feature == name) {
            if says_something(files, name, &entry, 0) {
                report.notice(name, "", message);
            }
        } else if ROOT_FILES.iter().any(|(file, _)| *file == name) || [AUTH, AUTH_LEGACY].contains(&name) {
            report.notice(name, "", &format!("this is of another layout, and not read beside {root_file}"));
        } else if !is_for_people(name) {
            let known = READ.into_iter().chain([auth]).chain(FEATURES.map(|(feature, _)| feature));
            let hint = did_you_mean(name, known);
            report.notice(name, "", &format!("Keystead does not know this{hint}"));
        }
    }
}

/// Exports have a file for each feature, also for those that are not used.
fn says_something(files: &Files, path: &str, entry: &Entry, depth: usize) -> bool {
    // What is wrong in files that are ignored is nobody's concern.
    let mut ignored = Report::default();
    if entry.is_directory && depth < MAX_DEPTH {
        let below = files.list(path, &mut ignored);
        return below
            .iter()
            .any(|entry| says_something(files, &format!("{path}/{}", entry.name), entry, depth + 1));
    }
    let text = files.text(path, 1024, &mut ignored);
    !text.is_some_and(|text| matches!(text.split_whitespace().collect::<String>().as_str(), "[]" | "{}" | ""))
}

fn is_for_people(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("readme") || name.starts_with("license")
}
