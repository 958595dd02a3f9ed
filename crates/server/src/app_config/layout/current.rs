//! The current layout and v20210101, which differ only in names (protocol §8.1, §8.2).

use super::{Documents, Layout, SourceFile};
use crate::app_config::files::{Files, MAX_FUNCTION};
use crate::app_config::object::Document;
use crate::app_config::report::Report;
use std::collections::BTreeMap;

const PROVIDERS: &str = "auth/providers.json";
const CUSTOM_USER_DATA: &str = "auth/custom_user_data.json";
const MANIFEST: &str = "functions/config.json";
/// Deeper directories are a loop of links.
const MAX_DEPTH: usize = 16;

pub(super) fn read(
    files: &Files,
    layout: Layout,
    mut root: Option<Document>,
    report: &mut Report,
) -> Documents {
    let origins = root.as_mut().and_then(|root| root.take("allowed_request_origins"));
    let has_providers = files.has(PROVIDERS);
    let providers = files.json(PROVIDERS, report).map(|providers| providers.members(report));
    let providers = providers.or_else(|| has_providers.then(Vec::new));
    let custom_user_data = files.json(CUSTOM_USER_DATA, report);
    notice_other_auth_files(files, report);
    let manifest = files.json(MANIFEST, report).map(|manifest| manifest.elements(report));
    let mut sources = BTreeMap::new();
    read_sources(files, "functions", 0, &mut sources, report);
    Documents {
        origins,
        providers,
        custom_user_data,
        manifest: manifest.unwrap_or_default(),
        sources,
        ..super::common(files, layout, root, report)
    }
}

fn notice_other_auth_files(files: &Files, report: &mut Report) {
    for entry in files.list("auth", report) {
        let file = format!("auth/{}", entry.name);
        if ![PROVIDERS, CUSTOM_USER_DATA].contains(&file.as_str()) {
            report.notice(&file, "", "this is not read: Keystead does not know this file");
        }
    }
}

/// Every `.js` file below `directory` is a function, named by its path.
fn read_sources(
    files: &Files,
    directory: &str,
    depth: usize,
    sources: &mut BTreeMap<String, SourceFile>,
    report: &mut Report,
) {
    if depth > MAX_DEPTH {
        report.problem(directory, "", "the directories are too deep: is a link leading back up?");
        return;
    }
    for entry in files.list(directory, report) {
        let file = format!("{directory}/{}", entry.name);
        match (entry.is_directory, entry.name.strip_suffix(".js")) {
            _ if depth == 0 && is_about_dependencies(&entry.name) => {
                report.notice(&file, "", "this is not read: functions have no npm packages");
            }
            (true, Some(_)) => report.problem(&file, "", "this is a directory, and must be a file"),
            (true, None) => read_sources(files, &file, depth + 1, sources, report),
            (false, Some(_)) => {
                let text = files.text(&file, MAX_FUNCTION, report);
                let name = file.strip_prefix("functions/").and_then(|name| name.strip_suffix(".js"));
                sources.insert(name.unwrap_or_default().to_owned(), SourceFile { file, text });
            }
            (false, None) if file == MANIFEST => {}
            (false, None) => report.notice(&file, "", "this is not read: only .js files are functions"),
        }
    }
}

fn is_about_dependencies(name: &str) -> bool {
    name.starts_with("node_modules") || matches!(name, "package.json" | "package-lock.json" | "yarn.lock")
}
