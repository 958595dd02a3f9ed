//! API keys of users and of servers.

use super::{Keystead, failed};
use reqwest::StatusCode;

/// A made key is alone on its line, so that a shell can keep it.
#[track_caller]
fn key_of(stdout: &str) -> String {
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(stdout.starts_with("ks_"), "{stdout}");
    stdout.trim().to_owned()
}

#[tokio::test]
async fn a_key_of_a_user_is_made_stopped_and_deleted() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let ada = api.new_user("ada@example.com").await;
    let made = keystead.run(&["keys", "create", "--user", "ada@example.com", "laptop"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert!(made.stderr.contains("shown this once"), "{made:?}");
    let key = key_of(&made.stdout);
    assert!(!made.stderr.contains(&key));
    assert_eq!(api.log_in_by_key(&key).await.tokens().user_id, ada.user_id);

    let table = keystead.ok(&["keys", "list", "--user", &ada.user_id]);
    assert!(table.contains("laptop") && table.contains("enabled") && !table.contains(&key), "{table}");
    let listed = keystead.json(&["keys", "list", "--user", &ada.user_id]);
    assert_eq!(listed[0]["name"], "laptop");
    let id = listed[0]["_id"].as_str().unwrap();
    let shown = keystead.json(&["keys", "show", "--user", &ada.user_id, id]);
    assert_eq!(shown["_id"], listed[0]["_id"]);

    keystead.ok(&["keys", "disable", "--user", &ada.user_id, "laptop"]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    keystead.ok(&["keys", "enable", "--user", &ada.user_id, id]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::OK);
    let delete = ["keys", "delete", "--user", ada.user_id.as_str(), "laptop"];
    failed(&keystead.run(&delete), 2, &["laptop", "for good", "--yes"]);
    keystead.ok(&[&delete[..], &["--yes"]].concat());
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    failed(&keystead.run(&delete), 4, &["no key laptop"]);
    failed(&keystead.run(&["keys", "list", "--user", "nobody@example.com"]), 4, &["nobody@example.com"]);
}

#[tokio::test]
async fn a_key_of_a_server_is_a_user_of_its_own() {
    let keystead = Keystead::start();
    let api = keystead.api();
    let key = key_of(&keystead.ok(&["keys", "create", "--server", "billing"]));
    api.log_in_by_key(&key).await.tokens();
    assert!(keystead.ok(&["keys", "list", "--server"]).contains("billing"));
    failed(&keystead.run(&["keys", "create", "--server", "billing"]), 3, &["exists"]);
    keystead.ok(&["keys", "disable", "--server", "billing"]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    keystead.ok(&["keys", "enable", "--server", "billing"]);
    keystead.ok(&["keys", "delete", "--server", "billing", "--yes"]);
    assert_eq!(api.log_in_by_key(&key).await.status, StatusCode::UNAUTHORIZED);
    failed(&keystead.run(&["keys", "show", "--server", "billing"]), 4, &["billing"]);
}
