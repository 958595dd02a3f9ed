//! Folders are read again while the server serves; the old version serves until the new one can.

use keystead_server::Server;
use keystead_server::app_config::Source;
use keystead_server::reload_apps;
use keystead_server::settings::Settings;
use std::path::Path;
use tempfile::TempDir;

fn write_app(folder: &Path, id: &str, name: &str) {
    std::fs::create_dir_all(folder.join("auth")).unwrap();
    std::fs::write(folder.join("root_config.json"), format!(r#"{{"app_id": "{id}", "name": "{name}"}}"#))
        .unwrap();
    std::fs::write(folder.join("auth/providers.json"), "{}").unwrap();
}

/// A server of the applications `one-abcde` and `two-abcde`, in `one` and `two`.
async fn start(folder: &TempDir) -> Server {
    let mut settings = Settings::new(folder.path().join("data"));
    settings.listen = ([127, 0, 0, 1], 0).into();
    for name in ["one", "two"] {
        if !folder.path().join(name).exists() {
            write_app(&folder.path().join(name), &format!("{name}-abcde"), name);
        }
        settings.apps.push(Source::Folder(folder.path().join(name)));
    }
    Server::start(settings).await.unwrap()
}

fn name(server: &Server, id: &str) -> String {
    server.state.apps().by_client_app_id(id).unwrap().config.name.clone()
}

#[tokio::test]
async fn a_changed_folder_is_served_with_the_same_ids() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    let before = server.state.apps().by_client_app_id("one-abcde").unwrap();
    write_app(&folder.path().join("one"), "one-abcde", "renamed");
    assert_eq!(name(&server, "one-abcde"), "one");
    reload_apps(&server.state).await;
    let after = server.state.apps().by_client_app_id("one-abcde").unwrap();
    assert_eq!((after.config.name.as_str(), &after.ids), ("renamed", &before.ids));
    // A request that began before has the application as it was.
    assert_eq!(before.config.name, "one");
    assert_eq!(name(&server, "two-abcde"), "two");
}

#[tokio::test]
async fn a_broken_folder_changes_nothing_and_keeps_no_other_back() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    write_app(&folder.path().join("one"), "one-abcde", "renamed");
    std::fs::write(folder.path().join("one/auth/providers.json"), "{").unwrap();
    write_app(&folder.path().join("two"), "two-abcde", "renamed");
    reload_apps(&server.state).await;
    assert_eq!(name(&server, "one-abcde"), "one");
    assert_eq!(name(&server, "two-abcde"), "renamed");
    std::fs::remove_dir_all(folder.path().join("two")).unwrap();
    reload_apps(&server.state).await;
    assert_eq!(name(&server, "two-abcde"), "renamed");
}

#[tokio::test]
async fn a_folder_does_not_become_another_application() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    for id in ["other-abcde", "two-abcde"] {
        write_app(&folder.path().join("one"), id, "renamed");
        reload_apps(&server.state).await;
        assert_eq!(name(&server, "one-abcde"), "one");
        assert_eq!(name(&server, "two-abcde"), "two");
        assert!(server.state.apps().by_client_app_id("other-abcde").is_none());
    }
}

#[tokio::test]
async fn ids_stay_the_same_when_folders_change_and_servers_restart() {
    let folder = TempDir::new().unwrap();
    let ids = |server: &Server| {
        ["one-abcde", "two-abcde"].map(|id| server.state.apps().by_client_app_id(id).unwrap().ids.clone())
    };
    let server = start(&folder).await;
    let before = ids(&server);
    server.serve(async {}).await.unwrap();
    write_app(&folder.path().join("one"), "one-abcde", "renamed");
    // The folders may even change places.
    std::fs::rename(folder.path().join("one"), folder.path().join("three")).unwrap();
    std::fs::rename(folder.path().join("two"), folder.path().join("one")).unwrap();
    std::fs::rename(folder.path().join("three"), folder.path().join("two")).unwrap();
    let server = start(&folder).await;
    assert_eq!(ids(&server), before);
    assert_ne!(before[0].app_id, before[1].app_id);
    assert_eq!(name(&server, "one-abcde"), "renamed");
}
