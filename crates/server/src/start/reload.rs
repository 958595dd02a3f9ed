//! Reading the folders of applications again while serving: when told to, and when they changed. An
//! application changes as a whole or not at all. The first reading, at start, is not done here.

use crate::app_config::{self, App, Source};
use crate::settings::Settings;
use crate::state::ServerState;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Links may lead in circles.
const MAX_DEPTH: usize = 16;
/// Nobody's application has more; a folder that does is watched no further.
const MAX_FILES: usize = 20_000;

/// Reads all folders again. An application whose folder is broken is served as before.
pub async fn reload_apps(state: &Arc<ServerState>) {
    for source in state.settings.sources() {
        reload(state, source).await;
    }
}

async fn reload(state: &Arc<ServerState>, source: &Source) {
    let Some(before) = state.apps().by_source(source) else { return };
    let client_app_id = &before.ids.client_app_id;
    let read = {
        let (state, source) = (Arc::clone(state), source.clone());
        tokio::task::spawn_blocking(move || app_config::read(&source, &state.settings.secrets)).await
    };
    let Ok((config, report)) = read else {
        tracing::error!(app.id = client_app_id, "the application's folder could not be read");
        return;
    };
    let Some(config) = config else {
        for problem in &report.problems {
            tracing::error!(app.id = client_app_id, %problem, "the changed application cannot be served");
        }
        let problems = report.problems.len();
        tracing::error!(app.id = client_app_id, problems, "the application is served as it was before");
        return;
    };
    if config.client_app_id != *client_app_id {
        let now = config.client_app_id;
        tracing::error!(
            app.id = client_app_id,
            "the folder is now that of {now:?}: the application is served as it was before; restart to serve {now:?}"
        );
        return;
    }
    for notice in &report.notices {
        tracing::warn!(app.id = client_app_id, "{notice}");
    }
    state.replace_app(App::new(before.ids.clone(), config, Some(source.clone())));
    tracing::info!(app.id = client_app_id, "the application was reloaded");
}

/// Waits for wishes and, if it was asked for, for changes; one at a time, so that an older reading
/// never replaces a newer one.
pub(crate) async fn reload_when_wanted(state: Arc<ServerState>, mut watch: Watch) {
    loop {
        let wanted = state.reload_wanted.notified();
        if watch.folders.is_empty() {
            wanted.await;
            reload_apps(&state).await;
        } else if tokio::time::timeout(LOOK_EVERY, wanted).await.is_ok() {
            reload_apps(&state).await;
        } else {
            let Ok((looked, changed)) = tokio::task::spawn_blocking(move || watch.changed()).await else {
                tracing::error!("folders are not watched any more");
                return;
            };
            watch = looked;
            for source in changed {
                reload(&state, &source).await;
            }
        }
    }
}

/// What the watched folders looked like when they were last looked at.
pub(crate) struct Watch {
    folders: Vec<(PathBuf, Look)>,
}

/// The files below a folder, with what changes when they do.
type Look = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

impl Watch {
    /// Looks for the first time; at nothing, unless the settings say so.
    pub(crate) fn start(settings: &Settings) -> Self {
        let folders = settings.sources().iter().filter_map(|source| match source {
            Source::Folder(folder) if settings.watch => Some((folder.clone(), look(folder))),
            _ => None,
        });
        Self { folders: folders.collect() }
    }

    /// What changed since it was last looked at.
    fn changed(mut self) -> (Self, Vec<Source>) {
        let mut changed = Vec::new();
        for (folder, before) in &mut self.folders {
            let now = look(folder);
            if now != *before {
                *before = now;
                changed.push(Source::Folder(folder.clone()));
            }
        }
        (self, changed)
    }
}

fn look(folder: &Path) -> Look {
    let mut look = Look::new();
    look_below(folder, 0, &mut look);
    look
}

fn look_below(path: &Path, depth: usize, look: &mut Look) {
    if depth > MAX_DEPTH || look.len() > MAX_FILES {
        return;
    }
    let metadata = path.metadata().ok();
    let is_directory = metadata.as_ref().is_some_and(std::fs::Metadata::is_dir);
    let changes = metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
    look.insert(path.to_owned(), changes);
    if is_directory {
        let entries = path.read_dir().into_iter().flatten().flatten();
        // As in reading: hidden entries are not for us, nor are npm packages.
        let is_read = |name: &OsStr| name != "node_modules" && !name.as_encoded_bytes().starts_with(b".");
        for entry in entries.filter(|entry| is_read(&entry.file_name())) {
            look_below(&entry.path(), depth + 1, look);
        }
    }
}
