//! The files of an application folder, read within bounds and without leaving the folder. What is in
//! them is not known here.
//!
//! A link is followed while it stays inside the folder, as mounted configuration of clusters needs it;
//! one that leads out is refused.

use super::json;
use super::object::Document;
use super::report::{Finding, Report};
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Where an application comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder, as exported from App Services.
    Folder(PathBuf),
    /// The quickstart application that is part of the program.
    Quickstart,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Quickstart => f.write_str("the bundled quickstart application"),
        }
    }
}

const QUICKSTART: [(&str, &str); 2] = [
    ("root_config.json", include_str!("../../../../examples/quickstart-app/root_config.json")),
    ("auth/providers.json", include_str!("../../../../examples/quickstart-app/auth/providers.json")),
];

/// The file whose contents are never shown.
pub(super) const SECRETS: &str = "secrets.json";
/// No JSON file of an application needs more.
const MAX_JSON: u64 = 1024 * 1024;
/// No function needs more.
pub(super) const MAX_FUNCTION: u64 = 4 * 1024 * 1024;
/// No directory needs more.
const MAX_ENTRIES: usize = 5_000;

/// See the module.
pub(super) enum Files {
    /// The resolved path of a folder.
    Folder(PathBuf),
    Quickstart,
}

/// An entry of a directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_directory: bool,
}

impl Files {
    pub(super) fn open(source: &Source) -> Result<Self, Finding> {
        let Source::Folder(folder) = source else { return Ok(Self::Quickstart) };
        match folder.canonicalize() {
            Ok(path) if path.is_dir() => Ok(Self::Folder(path)),
            Ok(_) => Err(Finding::new("", "", "this is no folder")),
            Err(error) => Err(Finding::new("", "", &format!("the folder cannot be read: {error}"))),
        }
    }

    /// Whether there is something of this name.
    pub(super) fn has(&self, file: &str) -> bool {
        match self {
            Self::Quickstart => QUICKSTART.iter().any(|(name, _)| *name == file),
            Self::Folder(folder) => folder.join(file).symlink_metadata().is_ok(),
        }
    }

    /// A JSON file. `None` if it is absent, or broken, which is then reported.
    pub(super) fn json(&self, file: &str, report: &mut Report) -> Option<Document> {
        let text = self.text(file, MAX_JSON, report)?;
        match json::parse(&text) {
            Ok(parsed) => {
                for path in parsed.duplicates {
                    report.problem(file, &path, "this is there more than once: remove all but one");
                }
                Some(Document { file: file.to_owned(), path: String::new(), value: parsed.value })
            }
            Err(malformed) => {
                // A line of secrets is not to be shown.
                let excerpt = malformed.excerpt.filter(|_| file != SECRETS);
                report.problems.push(Finding { excerpt, ..Finding::new(file, "", &malformed.message) });
                None
            }
        }
    }

    /// A text file. `None` if it is absent, or cannot be used, which is then reported.
    pub(super) fn text(&self, file: &str, limit: u64, report: &mut Report) -> Option<String> {
        let folder = match self {
            Self::Quickstart => {
                return QUICKSTART.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned());
            }
            Self::Folder(folder) => folder,
        };
        if !self.has(file) {
            return None;
        }
        read(folder, file, limit).map_err(|message| report.problem(file, "", &message)).ok()
    }

    /// What is in a directory, by name. Hidden entries are not for us: `.git`, `.mdb`, …
    pub(super) fn list(&self, directory: &str, report: &mut Report) -> Vec<Entry> {
        let folder = match self {
            Self::Quickstart => return list_quickstart(directory),
            Self::Folder(folder) => folder,
        };
        if !self.has(directory) {
            return Vec::new();
        }
        let entries = inside(folder, directory).and_then(|path| {
            let entries = path.read_dir().map_err(|error| format!("it cannot be read: {error}"))?;
            Ok(entries.take(MAX_ENTRIES + 1).flatten().collect::<Vec<_>>())
        });
        let entries = entries.map_err(|message| report.problem(directory, "", &message)).unwrap_or_default();
        if entries.len() > MAX_ENTRIES {
            report.problem(directory, "", &format!("there are more than {MAX_ENTRIES} files in it"));
        }
        let mut listed = Vec::new();
        for entry in entries.into_iter().take(MAX_ENTRIES) {
            match entry.file_name().into_string() {
                Ok(name) if name.starts_with('.') => {}
                // Through links: what they lead to is checked when it is read.
                Ok(name) => listed.push(Entry { name, is_directory: entry.path().is_dir() }),
                Err(name) => report.problem(
                    directory,
                    "",
                    &format!("the name {:?} is not UTF-8: rename it", name.display().to_string()),
                ),
            }
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        listed
    }

    /// Whether other people than the owner may read a file.
    #[cfg(unix)]
    pub(super) fn others_may_read(&self, file: &str) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        let Self::Folder(folder) = self else { return false };
        folder.join(file).metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }

    #[cfg(not(unix))]
    pub(super) fn others_may_read(&self, _: &str) -> bool {
        false
    }
}

/// The resolved path of something in the folder.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = folder.join(name).canonicalize().map_err(|error| format!("it cannot be read: {error}"))?;
    if path.starts_with(folder) {
        Ok(path)
    } else {
        Err("this link leads out of the folder: put the file itself here".into())
    }
}

fn read(folder: &Path, file: &str, limit: u64) -> Result<String, String> {
    let path = inside(folder, file)?;
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let metadata = path.metadata().map_err(unreadable)?;
    // Opening a pipe would wait for ever.
    if !metadata.is_file() {
        return Err("this must be a file".into());
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&path).map_err(unreadable)?;
    opened.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {} MiB", limit / 1024 / 1024));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        format!(
            "it is not UTF-8 text: the first wrong byte is number {}",
            error.utf8_error().valid_up_to() + 1
        )
    })?;
    // Some editors begin a file with a byte order mark, which is neither JSON nor JavaScript.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn list_quickstart(directory: &str) -> Vec<Entry> {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let mut listed: Vec<Entry> = Vec::new();
    for rest in QUICKSTART.iter().filter_map(|(file, _)| file.strip_prefix(&prefix)) {
        let (name, is_directory) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
        if !listed.iter().any(|entry| entry.name == name) {
            listed.push(Entry { name: name.to_owned(), is_directory });
        }
    }
    listed
}
