//! The audit trail.

use super::{Keystead, failed};
use serde_json::Value;

#[tokio::test]
async fn what_was_done_is_listed_and_the_trail_is_proved() {
    let keystead = Keystead::start();
    let ada = keystead.api().new_user("ada@example.com").await;
    let head = keystead.ok(&["audit", "verify"]);
    keystead.ok(&["users", "disable", &ada.user_id]);
    keystead.ok(&["users", "enable", &ada.user_id]);
    let listed = |args: &[&str]| keystead.json(&[&["audit", "list"], args].concat());
    let of_ada = listed(&["--user", &ada.user_id, "--since", "1d"]);
    let actions: Vec<_> = of_ada.as_array().unwrap().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions[..2], ["user.enabled", "user.disabled"], "{of_ada}");
    let disabled = listed(&["--action", "user.disabled", "--app", "quickstart-abcde"]);
    assert_eq!(disabled.as_array().unwrap().len(), 1, "{disabled}");
    assert_eq!(listed(&["--limit", "1"]).as_array().unwrap().len(), 1);
    assert_eq!(listed(&["--until", "2020-01-01"]), Value::Array(Vec::new()));
    let table = keystead.ok(&["audit", "list", "--since", "2020-01-01"]);
    assert!(table.contains("user.disabled") && table.contains(&ada.user_id), "{table}");
    assert_eq!(keystead.run(&["audit", "list", "--since", "yesterday"]).status.code(), Some(2));

    // An earlier head is still part of it, and one that never was is not.
    keystead.ok(&["audit", "verify", "--expect-head", head.trim()]);
    assert_eq!(keystead.json(&["audit", "verify"])["intact"], true);
    let (sequence, mac) = head.trim().split_once(':').unwrap();
    let other = format!("{sequence}:{}", "0".repeat(mac.len()));
    failed(&keystead.run(&["audit", "verify", "--expect-head", &other]), 1, &["broken"]);
    let ended = keystead.run(&["audit", "verify", "--expect-head", &other, "--json"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["intact"], false, "{answer}");
    failed(&keystead.run(&["audit", "verify", "--expect-head", "nonsense"]), 3, &["64"]);
}
