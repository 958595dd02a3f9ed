//! Which server, and as whom.

use super::{ADMIN_PASSWORD, Keystead, failed, succeeded};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

fn config_file(keystead: &Keystead) -> PathBuf {
    keystead.folder.path().join("config/keystead/config.toml")
}

fn log_in(keystead: &Keystead) {
    succeeded(keystead.stranger(&["login"]).input(format!("{ADMIN_PASSWORD}\n")).run());
}

#[test]
fn a_login_is_kept_in_a_file_that_only_its_owner_can_read() {
    let keystead = Keystead::start();
    let ended = keystead.stranger(&["login"]).input(format!("{ADMIN_PASSWORD}\n")).run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains(ADMIN_PASSWORD) && !ended.stderr.contains(ADMIN_PASSWORD));
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(config_file(&keystead)), 0o600);
    assert_eq!(mode(config_file(&keystead).parent().unwrap().to_owned()), 0o700);
    // The file says where the server is, too.
    let ended = crate::support::Invocation::new(keystead.folder.path()).args(["apps", "list"]).run();
    assert!(succeeded(ended).contains("quickstart-abcde"));
    succeeded(keystead.stranger(&["logout"]).run());
    assert!(!config_file(&keystead).exists());
    failed(&keystead.stranger(&["apps", "list"]).run(), 2, &["keystead login"]);
    succeeded(keystead.stranger(&["logout"]).run());
}

#[test]
fn a_login_that_does_not_work_is_not_kept() {
    let keystead = Keystead::start();
    let ended = keystead.stranger(&["login"]).input("wrong\n").run();
    failed(&ended, 3, &["unauthorized"]);
    assert!(!config_file(&keystead).exists());
    failed(&keystead.stranger(&["login"]).run(), 2, &["empty"]);
}

#[test]
fn credentials_that_others_can_read_are_not_used() {
    let keystead = Keystead::start();
    log_in(&keystead);
    for mode in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(config_file(&keystead), std::fs::Permissions::from_mode(mode)).unwrap();
        let ended = keystead.stranger(&["apps", "list"]).run();
        failed(&ended, 1, &["others may read", "chmod 600"]);
    }
    // Who brings other credentials does not need the file.
    keystead.ok(&["apps", "list"]);
}

#[test]
fn credentials_of_one_server_are_not_sent_to_another() {
    let keystead = Keystead::start();
    log_in(&keystead);
    let ended = keystead.stranger(&["apps", "list", "--url", "http://127.0.0.1:9"]).run();
    failed(&ended, 2, &["http://127.0.0.1:9", &keystead.server.url]);
}

#[test]
fn a_malformed_file_is_not_quoted() {
    let keystead = Keystead::start();
    log_in(&keystead);
    std::fs::write(config_file(&keystead), "password = planted-secret").unwrap();
    let ended = keystead.stranger(&["apps", "list", "--url", &keystead.server.url]).run();
    failed(&ended, 1, &["config.toml", "malformed"]);
    assert!(!ended.stderr.contains("planted"), "{ended:?}");
}

#[test]
fn the_environment_wins_over_the_file_and_may_name_a_file_with_the_secret() {
    let keystead = Keystead::start();
    log_in(&keystead);
    let ended = keystead.stranger(&["apps", "list"]).env("KEYSTEAD_ADMIN_PASSWORD", "wrong").run();
    failed(&ended, 3, &["unauthorized"]);
    std::fs::remove_file(config_file(&keystead)).unwrap();
    std::fs::write(keystead.folder.path().join("secret"), format!("{ADMIN_PASSWORD}\n")).unwrap();
    succeeded(keystead.stranger(&["apps", "list"]).env("KEYSTEAD_ADMIN_PASSWORD_FILE", "secret").run());
    let ended = keystead.stranger(&["apps", "list"]).env("KEYSTEAD_ADMIN_PASSWORD_FILE", "absent").run();
    failed(&ended, 1, &["absent", "cannot be read"]);
    let ended = keystead.stranger(&["apps", "list"]).env("KEYSTEAD_ADMIN_PUBLIC_KEY", "public").run();
    failed(&ended, 2, &["KEYSTEAD_ADMIN_PRIVATE_KEY"]);
}

#[test]
fn a_certificate_of_a_private_authority_is_trusted_when_it_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    crate::contract::make_certificate(folder.path());
    let certificate = folder.path().join("certificate.pem");
    let key = folder.path().join("key.pem");
    let keystead = Keystead::start_with(|invocation| {
        let invocation = invocation.args(["--tls-certificate".into(), certificate.clone().into_os_string()]);
        invocation.args(["--tls-key".into(), key.into_os_string()])
    });
    let url = keystead.server.url.replacen("http", "https", 1);
    let ended = keystead.run(&["apps", "list", "--url", &url]);
    failed(&ended, 5, &["certificate", "--ca-file"]);
    let certificate = certificate.to_str().unwrap();
    keystead.ok(&["apps", "list", "--url", &url, "--ca-file", certificate]);
    let ended = keystead.run(&["apps", "list", "--url", &url, "--ca-file", "absent.pem"]);
    failed(&ended, 2, &["absent.pem"]);
    let ended =
        keystead.run(&["apps", "list", "--url", &url, "--ca-file", key_of(&folder).to_str().unwrap()]);
    failed(&ended, 2, &["key.pem"]);
}

fn key_of(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("key.pem")
}
