//! What stops the program from starting: one clear sentence, exit code 1.

use crate::support::{Ended, Invocation};
use std::net::TcpListener;
use std::path::Path;
use tempfile::TempDir;

/// Whether it ended with one line that has all these parts in it.
fn check(ended: &Ended, parts: &[&str]) -> Result<(), String> {
    let line = ended.stderr.strip_suffix('\n').unwrap_or_default();
    let is_one_line = line.starts_with("keystead: ") && !line.contains('\n');
    let is_clear = parts.iter().all(|part| line.contains(part));
    if ended.status.code() == Some(1) && ended.stdout.is_empty() && is_one_line && is_clear {
        Ok(())
    } else {
        Err(format!("one line with {parts:?} was expected: {ended:?}"))
    }
}

#[track_caller]
fn refused(ended: &Ended, parts: &[&str]) {
    check(ended, parts).unwrap();
}

/// Starts and stops once, so that the data folder is there.
fn use_once(folder: &Path) {
    Invocation::serve(folder).start_ready().stop();
}

#[test]
fn a_port_in_use() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Invocation::serve(folder.path()).args(["--listen", &address]).run();
    refused(&ended, &["cannot listen on", &address, "in use"]);
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let ended = Invocation::serve(folder.path()).run();
    refused(&ended, &["the data folder data cannot be used"]);
    let ended = Invocation::serve(folder.path()).args(["--data-dir", "data/below-a-file"]).run();
    refused(&ended, &["data/below-a-file"]);
    let ended = Invocation::serve(folder.path()).args(["--data-dir", "/proc/keystead"]).run();
    refused(&ended, &["/proc/keystead"]);
}

#[test]
fn a_data_folder_that_another_server_uses() {
    let folder = TempDir::new().unwrap();
    let first = Invocation::serve(folder.path()).start_ready();
    let ended = Invocation::serve(folder.path()).run();
    refused(&ended, &["another Keystead runs on it"]);
    first.stop();
}

#[test]
fn a_malformed_application_folder() {
    let folder = TempDir::new().unwrap();
    let app = folder.path().join("app");
    let serve = || Invocation::serve(folder.path()).args(["--app", "app"]).run();
    refused(&serve(), &["app"]);
    std::fs::create_dir_all(app.join("auth")).unwrap();
    refused(&serve(), &["app", "root_config.json"]);
    std::fs::write(app.join("root_config.json"), "{\n\"app_id\": \n").unwrap();
    refused(&serve(), &["root_config.json"]);
    std::fs::write(app.join("root_config.json"), r#"{"app_id": "some-abcde", "name": "some"}"#).unwrap();
    let providers = r#"{"local-userpass": {"name": "local-userpass", "type": "local-userpass",
        "disabled": false, "config": {"autoConfirm": "yes"}},
        "nonsense": {"name": "nonsense", "type": "nonsense", "disabled": false}}"#;
    std::fs::write(app.join("auth/providers.json"), providers).unwrap();
    // All that is wrong, so that nobody has to start again for each.
    refused(&serve(), &["auth/providers.json", "local-userpass", "nonsense"]);
}

#[test]
fn two_applications_of_the_same_id() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(folder.path().join("app/auth")).unwrap();
    std::fs::write(folder.path().join("app/root_config.json"), r#"{"app_id": "a-abcde", "name": "a"}"#)
        .unwrap();
    std::fs::write(folder.path().join("app/auth/providers.json"), "{}").unwrap();
    let ended = Invocation::serve(folder.path()).args(["--app", "app", "--app", "app"]).run();
    refused(&ended, &["a-abcde"]);
}

const LISTS: [&str; 2] = ["--trusted-proxies", "--outbound-allow"];

#[test]
fn values_that_mean_nothing() {
    let mut unclear = Vec::new();
    for (flag, variable, value) in [
        ("--listen", "KEYSTEAD_LISTEN", "here"),
        ("--public-url", "KEYSTEAD_PUBLIC_URL", "example.com"),
        ("--trusted-proxies", "KEYSTEAD_TRUSTED_PROXIES", "proxy"),
        ("--login-throttle", "KEYSTEAD_LOGIN_THROTTLE", "lots"),
        ("--log", "KEYSTEAD_LOG", "keystead=loud"),
        ("--api-key-prefix", "KEYSTEAD_API_KEY_PREFIX", "no prefix!"),
        ("--server-key-prefix", "KEYSTEAD_SERVER_KEY_PREFIX", "no prefix!"),
        ("--refresh-token-lifetime", "KEYSTEAD_REFRESH_TOKEN_LIFETIME", "1m"),
        ("--refresh-token-lifetime", "KEYSTEAD_REFRESH_TOKEN_LIFETIME", "long"),
        ("--access-token-algorithm", "KEYSTEAD_ACCESS_TOKEN_ALGORITHM", "none"),
        ("--signing-key-rotation", "KEYSTEAD_SIGNING_KEY_ROTATION", "often"),
        ("--outbound-allow", "KEYSTEAD_OUTBOUND_ALLOW", "no host!"),
        ("--max-connections", "KEYSTEAD_MAX_CONNECTIONS", "many"),
    ] {
        let folder = TempDir::new().unwrap();
        let invocation = || Invocation::new(folder.path()).args(["serve"]);
        let key = flag.trim_start_matches('-').replace('-', "_");
        unclear.extend(check(&invocation().args([flag, value]).run(), &[flag, value]).err());
        unclear.extend(check(&invocation().env(variable, value).run(), &[flag, value]).err());
        let value_in_file = if LISTS.contains(&flag) { format!("[{value:?}]") } else { format!("{value:?}") };
        std::fs::write(folder.path().join("keystead.toml"), format!("{key} = {value_in_file}\n")).unwrap();
        unclear.extend(check(&invocation().run(), &[flag, value]).err());
        assert!(!folder.path().join("keystead-data").exists(), "{flag}");
    }
    assert!(unclear.is_empty(), "{unclear:#?}");
}

#[test]
fn settings_files_that_cannot_be_used() {
    let folder = TempDir::new().unwrap();
    let invocation = || Invocation::serve(folder.path());
    refused(&invocation().args(["--config", "absent.toml"]).run(), &["absent.toml", "cannot be read"]);
    for text in
        ["listne = \"127.0.0.1:0\"", "listen = ", "listen = 9090", "\n\n[serve]\nlisten = \"x\"", "\u{0}"]
    {
        std::fs::write(folder.path().join("keystead.toml"), text).unwrap();
        refused(&invocation().run(), &["keystead.toml"]);
    }
}

#[test]
fn secret_files_that_cannot_be_used() {
    let folder = TempDir::new().unwrap();
    let invocation = || Invocation::serve(folder.path());
    refused(&invocation().args(["--admin-password-file", "absent"]).run(), &["absent", "cannot be read"]);
    std::fs::write(folder.path().join("short"), "too short").unwrap();
    let ended = invocation().args(["--access-token-secret-file", "short"]).run();
    refused(&ended, &["short"]);
    assert!(!ended.stderr.contains("too short"));
    let ended = invocation().env("KEYSTEAD_PEPPER", "planted-pepper").run();
    refused(&ended, &["pepper"]);
    assert!(!ended.stderr.contains("planted"));
    let ended = invocation().env("KEYSTEAD_SMTP_URL", "planted-smtp-password@host").run();
    assert_eq!(ended.status.code(), Some(1));
    assert!(!ended.stderr.contains("planted"));
}

#[test]
fn a_database_of_a_newer_keystead() {
    let folder = TempDir::new().unwrap();
    use_once(folder.path());
    let database = rusqlite::Connection::open(folder.path().join("data/keystead.sqlite3")).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let ended = Invocation::serve(folder.path()).run();
    refused(&ended, &["999", "newer Keystead"]);
}

#[test]
fn a_file_that_is_no_database() {
    let folder = TempDir::new().unwrap();
    use_once(folder.path());
    std::fs::write(folder.path().join("data/keystead.sqlite3"), "garbage ".repeat(4096)).unwrap();
    refused(&Invocation::serve(folder.path()).run(), &["the data folder data cannot be used"]);
}

#[test]
fn a_database_whose_pepper_is_lost() {
    let folder = TempDir::new().unwrap();
    use_once(folder.path());
    let file = folder.path().join("data/pepper");
    let pepper = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let ended = Invocation::serve(folder.path()).run();
    refused(&ended, &["pepper", "missing", "KEYSTEAD_PEPPER"]);
    assert!(!file.exists(), "a new pepper was made, and no API key would ever work again");
    Invocation::serve(folder.path()).env("KEYSTEAD_PEPPER", pepper.trim()).start_ready().stop();
    assert!(!file.exists(), "the pepper of the environment was written to disk");
}
