//! Backups, and what the doctor says.

use super::{Keystead, failed};
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn a_backup_is_a_whole_database_for_its_owner_alone() {
    let keystead = Keystead::start();
    keystead.api().new_user("ada@example.com").await;
    keystead.ok(&["backup", "copy"]);
    let file = keystead.folder.path().join("copy");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let copy = rusqlite::Connection::open(&file).unwrap();
    let checked: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(checked, "ok");
    let users: i64 = copy.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(users, 1);
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
    let keystead = Keystead::start();
    std::fs::write(keystead.folder.path().join("taken"), "precious").unwrap();
    failed(&keystead.run(&["backup", "taken"]), 1, &["taken", "there already"]);
    assert_eq!(std::fs::read_to_string(keystead.folder.path().join("taken")).unwrap(), "precious");
    failed(&keystead.run(&["backup", "absent/copy"]), 1, &["absent/copy", "cannot be written"]);
    let refused = keystead.command(&["backup", "copy"]).env("KEYSTEAD_ADMIN_PASSWORD", "wrong").run();
    failed(&refused, 3, &["unauthorized"]);
    let names = std::fs::read_dir(keystead.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["data", "taken"]);
}

#[test]
fn the_doctor_checks_from_here_and_from_the_server() {
    let keystead = Keystead::start();
    let report = keystead.json(&["doctor"]);
    let checks = report["checks"].as_array().unwrap();
    let status = |name: &str| {
        let check = checks.iter().find(|check| check["name"] == name);
        check.unwrap_or_else(|| panic!("no {name}: {report}"))["status"].as_str().unwrap().to_owned()
    };
    for name in ["reachable", "encryption", "clock difference", "version"] {
        assert_eq!(status(name), "ok", "{report}");
    }
    assert!(checks.len() > 4, "the server checks nothing: {report}");
    let table = keystead.ok(&["doctor"]);
    assert_eq!(table.lines().count(), checks.len() + 1, "{table}");
    let ended = keystead.command(&["doctor"]).env("KEYSTEAD_ADMIN_PASSWORD", "wrong").run();
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(ended.stdout.contains("reachable") && ended.stdout.contains("unauthorized"), "{ended:?}");
}
