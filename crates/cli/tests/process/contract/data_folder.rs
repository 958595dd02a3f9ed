//! The data folder is for its owner alone.
#![cfg(unix)]

use crate::support::Invocation;
use crate::support::api::Api;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn check_files(data: &Path) {
    let files: Vec<_> = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}: {:o}", file.display(), mode(&file));
    }
}

#[tokio::test]
async fn a_new_folder_and_its_files_are_private() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Invocation::serve(folder.path()).start_ready();
    Api::new(&server.url).new_user("ada@example.com").await;
    assert_eq!(mode(&data), 0o700, "{:o}", mode(&data));
    check_files(&data);
    server.stop();
    check_files(&data);
}

#[tokio::test]
async fn files_are_private_in_a_folder_that_is_not() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = Invocation::serve(folder.path()).start_ready();
    Api::new(&server.url).new_user("ada@example.com").await;
    check_files(&data);
    server.stop();
}
