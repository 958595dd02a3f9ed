//! Sessions in a file: they survive a restart, nobody else can read them, and a damaged file is no
//! reason to lose one.

use crate::{EMAIL, PASSWORD, new_user};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystead_client::{App, Change, Credentials, Error, FileStorage, FileStorageError, Storage as _};
use keystead_dev_server::{APP_ID, DevServer, Proxy};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sessions.json");
    (folder, path)
}

/// The application as a program sees it that has just been started.
fn started(server_url: &str, path: &Path) -> App {
    let storage = FileStorage::open(path).unwrap();
    App::builder(APP_ID).base_url(server_url).storage(storage).skip_location_request().build().unwrap()
}

#[tokio::test]
async fn a_program_that_is_started_again_is_still_logged_in() {
    let server = DevServer::start().await;
    let (_folder, path) = file();
    let app = started(&server.url, &path);
    let first = new_user(&app, EMAIL).await;
    let second = new_user(&app, "second@example.com").await;
    app.switch_user(&first).unwrap();
    let profile = first.refresh_profile().await.unwrap();
    drop(app);

    let app = started(&server.url, &path);
    assert_eq!(app.all_users(), [first.clone(), second.clone()]);
    let user = app.current_user().unwrap();
    assert_eq!(user, first);
    assert_eq!(user.profile(), Some(profile));
    assert_eq!(user.provider_type(), "local-userpass");
    user.refresh_profile().await.unwrap();
    user.log_out().await.unwrap();
    assert_eq!(started(&server.url, &path).current_user(), Some(second));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_file_or_what_it_is_made_from() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = DevServer::start().await;
    let (folder, path) = file();
    let app = started(&server.url, &path);
    new_user(&app, EMAIL).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    FileStorage::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600, "a file that came with another mode is made private");
}

#[test]
fn a_damaged_file_is_an_error_and_stays_as_it_is() {
    let (_folder, path) = file();
    for damaged in ["", "{\"a\":\"b\"", "[]", "{\"a\":1}", "\u{0}\u{0}"] {
        std::fs::write(&path, damaged).unwrap();
        let error = FileStorage::open(&path).unwrap_err();
        assert!(matches!(error, FileStorageError::Damaged { .. }), "{damaged:?}");
        assert!(error.to_string().contains("sessions.json") && error.to_string().contains("left as it is"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[tokio::test]
async fn a_file_that_is_damaged_meanwhile_is_not_overwritten() {
    let server = DevServer::start().await;
    let (_folder, path) = file();
    let app = started(&server.url, &path);
    std::fs::write(&path, "not ours any more").unwrap();
    let error = app.log_in(Credentials::anonymous()).await.unwrap_err();
    assert!(matches!(error, Error::Storage(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not ours any more");
}

#[test]
fn a_missing_folder_is_said_when_the_file_is_opened() {
    let (folder, _) = file();
    let error = FileStorage::open(folder.path().join("missing/sessions.json")).unwrap_err();
    assert!(matches!(error, FileStorageError::Io { .. }));
}

#[test]
fn programs_that_share_a_file_do_not_undo_each_others_changes() {
    let (_folder, path) = file();
    let threads: Vec<_> = (0..8)
        .map(|writer| {
            let storage = FileStorage::open(&path).unwrap();
            std::thread::spawn(move || {
                for entry in 0..10 {
                    let key = format!("{writer}/{entry}");
                    storage.save(&[Change { key, value: Some("x".into()) }]).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let storage = FileStorage::open(&path).unwrap();
    for key in (0..8).flat_map(|writer| (0..10).map(move |entry| format!("{writer}/{entry}"))) {
        assert_eq!(storage.load(&key).as_deref(), Some("x"), "{key}");
    }
}

#[test]
fn what_a_crash_left_behind_is_in_nobodys_way() {
    let (_folder, path) = file();
    std::fs::write(path.with_file_name("sessions.json.new"), "half a fi").unwrap();
    let storage = FileStorage::open(&path).unwrap();
    storage.save(&[Change { key: "k".into(), value: Some("v".into()) }]).unwrap();
    assert_eq!(storage.load("k").as_deref(), Some("v"));
    storage.save(&[Change { key: "k".into(), value: None }]).unwrap();
    assert_eq!(FileStorage::open(&path).unwrap().load("k"), None);
}

/// Logs in, and replaces the access token in the file by one that expires in `seconds`.
async fn program_whose_token_expires_in(seconds: i64) -> (DevServer, Proxy, TempDir, App) {
    let server = DevServer::start().await;
    let proxy = Proxy::start(&server.url).await;
    let (folder, path) = file();
    let app = started(&server.url, &path);
    app.email_password_auth().register(EMAIL, PASSWORD).await.unwrap();
    let user = app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap();
    let expiry = server.state.clock.now().unix_seconds() + seconds;
    let claims = URL_SAFE_NO_PAD.encode(json!({"exp": expiry}).to_string());
    let token = if seconds == 0 { "garbage".to_owned() } else { format!("e30.{claims}.e30") };
    let key = format!("app({APP_ID}):user({}):accessToken", user.id());
    let storage = FileStorage::open(&path).unwrap();
    storage.save(&[Change { key, value: Some(token) }]).unwrap();
    let app = started(&proxy.url, &path);
    (server, proxy, folder, app)
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_refreshed_before_it_is_handed_out() {
    for (seconds, refreshes) in [(-100, 1), (30, 1), (0, 1), (600, 0)] {
        let (_server, proxy, _folder, app) = program_whose_token_expires_in(seconds).await;
        let user = app.current_user().unwrap();
        let before = user.access_token().unwrap();
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let user = user.clone();
                tokio::spawn(async move { user.fresh_access_token().await.unwrap() })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap() == before, refreshes == 0, "{seconds}");
        }
        assert_eq!(proxy.count("POST /api/client/v2.0/auth/session"), refreshes, "{seconds}");
    }
}
