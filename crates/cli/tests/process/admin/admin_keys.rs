//! Key pairs of administrators.

use super::{Keystead, failed, succeeded};

#[test]
fn a_pair_administers_until_it_is_deleted() {
    let keystead = Keystead::start();
    let made = keystead.run(&["admin-keys", "create", "deploy"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert_eq!(made.stdout.lines().count(), 1, "{made:?}");
    let private_key = made.stdout.trim();
    assert!(!made.stderr.contains(private_key));
    let listed = keystead.json(&["admin-keys", "list"]);
    let public_key = listed[0]["public_key"].as_str().unwrap();
    assert!(made.stderr.contains(public_key), "{made:?}");
    let table = keystead.ok(&["admin-keys", "list"]);
    assert!(table.contains("deploy") && table.contains("all") && !table.contains(private_key), "{table}");

    let with_pair = || {
        let command = keystead.stranger(&["apps", "list"]).env("KEYSTEAD_ADMIN_PUBLIC_KEY", public_key);
        command.env("KEYSTEAD_ADMIN_PRIVATE_KEY", private_key)
    };
    succeeded(with_pair().run());
    let login = keystead.stranger(&["login", "--public-key", public_key]).input(private_key);
    succeeded(login.run());
    succeeded(keystead.stranger(&["apps", "list"]).run());

    failed(&keystead.run(&["admin-keys", "delete", "deploy"]), 2, &["deploy", "--yes"]);
    keystead.ok(&["admin-keys", "delete", public_key, "--yes"]);
    failed(&with_pair().run(), 3, &[&keystead.server.url]);
    failed(&keystead.run(&["admin-keys", "delete", "deploy", "--yes"]), 4, &["deploy"]);
}

#[test]
fn a_pair_can_be_confined_to_an_application() {
    let keystead = Keystead::start();
    let shop = keystead.ok(&["apps", "create", "shop"]);
    let made = keystead.json(&["admin-keys", "create", "shop-team", "--app", shop.trim()]);
    let run = |args: &[&str]| {
        let command = keystead.stranger(args);
        let command = command.env("KEYSTEAD_ADMIN_PUBLIC_KEY", made["public_key"].as_str().unwrap());
        command.env("KEYSTEAD_ADMIN_PRIVATE_KEY", made["private_key"].as_str().unwrap()).run()
    };
    let listed = succeeded(run(&["apps", "list"]));
    assert!(listed.contains("shop-") && !listed.contains("quickstart"), "{listed}");
    succeeded(run(&["users", "list"]));
    let ended = run(&["admin-keys", "list"]);
    assert!(matches!(ended.status.code(), Some(3 | 4)), "{ended:?}");
    failed(&keystead.run(&["admin-keys", "create", "x", "--app", "absent-abcde"]), 4, &["absent-abcde"]);
}
