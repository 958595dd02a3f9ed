use super::{Keystead, failed};

#[test]
fn applications_are_listed_and_shown() {
    let keystead = Keystead::start();
    let table = keystead.ok(&["apps", "list"]);
    let mut lines = table.lines();
    assert!(lines.next().unwrap().starts_with("APP "), "{table}");
    assert!(lines.next().unwrap().starts_with("quickstart-abcde "), "{table}");
    assert_eq!(lines.next(), None);
    let listed = keystead.json(&["apps", "list"]);
    assert_eq!(listed[0]["client_app_id"], "quickstart-abcde");
    assert_eq!(keystead.json(&["apps", "show"])["_id"], listed[0]["_id"]);
    let by_id = keystead.json(&["apps", "show", listed[0]["_id"].as_str().unwrap()]);
    assert_eq!(by_id["name"], "quickstart");
}

#[test]
fn an_application_is_made_used_and_deleted() {
    let keystead = Keystead::start();
    let made = keystead.ok(&["apps", "create", "shop"]);
    let id = made.trim();
    assert!(id.starts_with("shop-") && made.lines().count() == 1, "{made}");
    // With two there is no only one.
    failed(&keystead.run(&["users", "list"]), 2, &["--app", id, "quickstart-abcde"]);
    keystead.ok(&["users", "list", "--app", id]);
    let listed = keystead.command(&["users", "list"]).env("KEYSTEAD_APP_ID", id).run();
    assert_eq!(listed.status.code(), Some(0), "{listed:?}");
    failed(&keystead.run(&["apps", "delete", id]), 2, &[id, "--yes"]);
    keystead.ok(&["apps", "delete", id, "--yes"]);
    failed(&keystead.run(&["apps", "show", id]), 4, &[id]);
    failed(&keystead.run(&["apps", "create", "no name!"]), 3, &["name"]);
}
