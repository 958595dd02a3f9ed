//! The layouts of application folders (protocol §8.1 to §8.3). Each is read into the same
//! [`Documents`]; what these say is checked elsewhere, once for all layouts.

mod current;
mod legacy;
mod unsupported;

use super::files::{Files, SECRETS};
use super::object::Document;
use super::report::Report;
use std::collections::BTreeMap;

/// What a folder says, whatever its layout.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) layout: Layout,
    /// An object with the application's id, name and the like; `None` if it cannot be read.
    pub(super) root: Option<Document>,
    /// The list of browser origins.
    pub(super) origins: Option<Document>,
    /// The providers by their names; `None` if the folder says nothing about them.
    pub(super) providers: Option<Vec<(String, Document)>>,
    pub(super) custom_user_data: Option<Document>,
    /// Objects that describe functions.
    pub(super) manifest: Vec<Document>,
    /// The sources of functions by name.
    pub(super) sources: BTreeMap<String, SourceFile>,
    /// By file, one each.
    pub(super) values: Vec<Document>,
    /// By the name of the file, without `.json`.
    pub(super) environments: BTreeMap<String, Document>,
    pub(super) secrets: Option<Document>,
}

/// A function's source as it stands in the folder.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) file: String,
    /// `None` if it cannot be used, which was reported.
    pub(super) text: Option<String>,
}

/// The layouts, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `root_config.json`.
    Current,
    /// `realm_config.json`: like the current one but for names.
    V20210101,
    /// `config.json` (v20200603) or `stitch.json` (v20180301).
    Legacy,
}

const ROOT_FILES: [(&str, Layout); 4] = [
    ("root_config.json", Layout::Current),
    ("realm_config.json", Layout::V20210101),
    ("config.json", Layout::Legacy),
    ("stitch.json", Layout::Legacy),
];

impl Layout {
    /// Where the source of a function belongs.
    pub(super) fn function_file(self, name: &str) -> String {
        match self {
            Self::Current | Self::V20210101 => format!("functions/{name}.js"),
            Self::Legacy => format!("functions/{name}/source.js"),
        }
    }
}

/// Reads a folder. `None` if it is no application, which is then reported.
pub(super) fn read(files: &Files, report: &mut Report) -> Option<Documents> {
    let Some((file, layout)) = ROOT_FILES.into_iter().find(|(file, _)| files.has(file)) else {
        let message = "there is no such file: is this the folder of an App Services application?";
        report.problem(ROOT_FILES[0].0, "", message);
        return None;
    };
    // Even without the root file the rest is read, so that all problems are found at once.
    let root = files.json(file, report);
    let documents = match layout {
        Layout::Current | Layout::V20210101 => current::read(files, layout, root, report),
        Layout::Legacy => legacy::read(files, root, report),
    };
    unsupported::notice(files, layout, file, report);
    Some(documents)
}

/// The documents that no layout has in another place.
fn common(files: &Files, layout: Layout, root: Option<Document>, report: &mut Report) -> Documents {
    let values = json_files(files, "values", report).into_iter().map(|(_, document)| document).collect();
    Documents {
        layout,
        root,
        origins: None,
        providers: None,
        custom_user_data: None,
        manifest: Vec::new(),
        sources: BTreeMap::new(),
        values,
        environments: json_files(files, "environments", report).into_iter().collect(),
        secrets: files.json(SECRETS, report),
    }
}

/// The JSON files of a directory, each with its name without `.json`.
fn json_files(files: &Files, directory: &str, report: &mut Report) -> Vec<(String, Document)> {
    let mut documents = Vec::new();
    for entry in files.list(directory, report) {
        let file = format!("{directory}/{}", entry.name);
        match entry.name.strip_suffix(".json") {
            Some(name) if !entry.is_directory => {
                documents.extend(files.json(&file, report).map(|document| (name.to_owned(), document)));
            }
            _ => report.notice(&file, "", "this is not read: only .json files are"),
        }
    }
    documents
}
