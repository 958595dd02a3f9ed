//! Users and their sessions.

use super::{Keystead, failed};
use crate::support::api::PASSWORD;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn users_are_listed_in_tables_and_as_json() {
    let keystead = Keystead::start();
    assert_eq!(keystead.json(&["users", "list"]), json!([]));
    assert_eq!(keystead.ok(&["users", "list"]), "");
    let ada = keystead.api().new_user("ada@example.com").await;
    let table = keystead.ok(&["users", "list"]);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0].starts_with("ID ") && rows[0].contains("WAYS TO LOG IN"), "{table}");
    for part in [&ada.user_id, "ada@example.com", "enabled", "local-userpass"] {
        assert!(rows[1].contains(part), "{table}");
    }
    let listed = keystead.json(&["users", "list"]);
    assert_eq!(listed[0]["_id"], *ada.user_id);
    assert_eq!(listed[0], keystead.json(&["users", "show", &ada.user_id]));
}

#[tokio::test]
async fn lists_go_beyond_a_page_and_stop_at_the_limit() {
    let keystead = Keystead::start();
    let api = keystead.api();
    for _ in 0..120 {
        assert_eq!(api.log_in("anon-user", json!({})).await.status, StatusCode::OK);
    }
    let count = |args: &[&str]| keystead.json(&[&["users", "list"], args].concat()).as_array().unwrap().len();
    assert_eq!(count(&[]), 120);
    assert_eq!(count(&["--limit", "70"]), 70);
    assert_eq!(count(&["--limit", "0"]), 0);
}

#[tokio::test]
async fn a_disabled_user_is_out_until_enabled() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let (_, key) = api.new_key(&ada, "laptop").await;
    keystead.ok(&["users", "disable", &ada.user_id]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    assert!(keystead.ok(&["users", "list"]).contains("disabled"));
    keystead.ok(&["users", "enable", &ada.user_id]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_are_ended_on_every_device() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let again = api.log_in_by_email("ada@example.com", PASSWORD).await.tokens();
    failed(&keystead.run(&["sessions", "revoke", "--user", &ada.user_id]), 2, &["ada@example.com", "--yes"]);
    assert_eq!(api.refresh(&ada.refresh).await.status, StatusCode::CREATED);
    keystead.ok(&["sessions", "revoke", "--user", &ada.user_id, "--yes"]);
    for session in [&ada, &again] {
        assert_eq!(api.refresh(&session.refresh).await.status, StatusCode::UNAUTHORIZED);
    }
    api.log_in_by_email("ada@example.com", PASSWORD).await.tokens();
}

#[tokio::test]
async fn names_that_users_chose_cannot_steer_the_terminal() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let registered =
        api.email("register", json!({"email": "\u{1b}[2J@example.com", "password": PASSWORD})).await;
    if registered.status == StatusCode::CREATED {
        let table = keystead.ok(&["users", "list"]);
        assert!(table.contains("\\u{1b}[2J@example.com"), "{table}");
    }
}

#[tokio::test]
async fn a_user_is_made_with_a_password_from_standard_input_and_renamed() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let create = ["users", "create", "ada@example.com"];
    let ended = keystead.command(&create).input(format!("{PASSWORD}\n")).run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD), "{ended:?}");
    let id = ended.stdout.trim();
    assert_eq!(api.log_in_by_email("ada@example.com", PASSWORD).await.tokens().user_id, id);
    let again = keystead.command(&create).input(PASSWORD).run();
    failed(&again, 3, &["name already in use"]);
    failed(&keystead.command(&["users", "create", "b@example.com"]).input("short").run(), 3, &["password"]);

    keystead.ok(&["users", "reset-email", "ada@example.com", "lovelace@example.com"]);
    assert_eq!(api.log_in_by_email("lovelace@example.com", PASSWORD).await.tokens().user_id, id);
    failed(&keystead.run(&["users", "show", "ada@example.com"]), 4, &["ada@example.com"]);
    assert_eq!(keystead.json(&["users", "show", "lovelace@example.com"])["_id"], id);
}

#[test]
fn an_invited_user_gets_a_mail_to_choose_a_password() {
    let mut keystead = Keystead::start();
    let ended = keystead.run(&["users", "create", "ada@example.com", "--invite"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("link"), "{ended:?}");
    // Without a mail server, a server of this machine alone writes its mails to the log.
    keystead.server.wait_for_line("the mail", |line| line.to_string().contains("ada@example.com"));
}

#[tokio::test]
async fn registrations_that_wait_are_listed_confirmed_and_forgotten() {
    let folder = tempfile::TempDir::new().unwrap();
    let keystead = Keystead::start_with(|invocation| {
        let config = json!({"autoConfirm": false, "emailConfirmationUrl": "https://example.com/confirm"});
        let provider = json!({"name": "local-userpass", "type": "local-userpass", "config": config});
        crate::contract::write_app(
            folder.path(),
            crate::support::api::APP,
            &json!({"local-userpass": provider}),
        );
        invocation.args(["--app".as_ref(), folder.path().as_os_str()])
    });
    let api = keystead.api();
    for email in ["ada@example.com", "eve@example.com"] {
        let registered = api.email("register", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
    }
    let table = keystead.ok(&["users", "pending", "list"]);
    assert!(table.contains("ada@example.com") && table.contains("eve@example.com"), "{table}");
    keystead.ok(&["users", "pending", "confirm", "ada@example.com"]);
    api.log_in_by_email("ada@example.com", PASSWORD).await.tokens();
    let delete = ["users", "pending", "delete", "eve@example.com"];
    failed(&keystead.run(&delete), 2, &["eve@example.com", "--yes"]);
    keystead.ok(&[&delete[..], &["--yes"]].concat());
    assert_eq!(keystead.json(&["users", "pending", "list"]), json!([]));
    failed(&keystead.run(&["users", "pending", "confirm", "eve@example.com"]), 4, &["user not found"]);
}

#[tokio::test]
async fn lists_are_filtered_and_sorted() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let anonymous = api.log_in("anon-user", json!({})).await.tokens();
    keystead.ok(&["users", "disable", &ada.user_id]);
    let ids = |args: &[&str]| {
        let listed = keystead.json(&[&["users", "list"], args].concat());
        let ids = listed.as_array().unwrap().iter().map(|user| user["_id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let (ada, anonymous) = (ada.user_id.as_str(), anonymous.user_id.as_str());
    assert_eq!(ids(&["--status", "disabled"]), [ada]);
    assert_eq!(ids(&["--status", "enabled"]), [anonymous]);
    assert_eq!(ids(&["--provider", "anon-user"]), [anonymous]);
    assert_eq!(ids(&["--provider", "anon-user,local-userpass"]).len(), 2);
    assert_eq!(ids(&["--desc"]), [anonymous, ada]);
    failed(&keystead.run(&["users", "list", "--sort", "shoe-size"]), 3, &["sort"]);
}
