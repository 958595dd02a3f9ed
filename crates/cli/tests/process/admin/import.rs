//! Importing users and keys.

use super::{Keystead, failed};
use crate::support::{Invocation, eventually};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

fn id(number: usize) -> String {
    format!("6b0504400000000000{number:06x}")
}

fn users(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let user = json!({"_id": id(number), "email": format!("user{number}@example.com")});
        writeln!(text, "{user}").unwrap();
    }
    text
}

impl Keystead {
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn report(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    fn user_count(&self) -> usize {
        self.json(&["users", "list"]).as_array().unwrap().len()
    }
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let keystead = Keystead::start();
    keystead.write("users.jsonl", &users(30));
    let said = keystead.ok(&["users", "import", "users.jsonl", "--dry-run"]);
    assert!(said.starts_with("Nothing was changed. It would be: 30 received, 30 imported"), "{said}");
    assert_eq!(keystead.user_count(), 0);
    let report = keystead.report(&["users", "import", "users.jsonl", "--dry-run"]);
    assert_eq!((&report["dry_run"], &report["imported"]), (&json!(true), &json!(30)), "{report}");
    // In another chunk, where the server of a dry run would not know of the first.
    keystead.write("twice.jsonl", &(users(2100) + &users(1)));
    let report = keystead.report(&["users", "import", "twice.jsonl", "--dry-run"]);
    assert_eq!(report["repeated"], 1, "{report}");
    assert_eq!(report["problems"][0]["line"], 2101, "{report}");
}

#[test]
fn users_keep_their_ids_and_an_import_can_be_repeated() {
    let keystead = Keystead::start();
    keystead.write("users.jsonl", &users(30));
    let said = keystead.ok(&["users", "import", "users.jsonl"]);
    assert!(said.starts_with("30 received, 30 imported"), "{said}");
    assert_eq!(keystead.json(&["users", "show", &id(7)])["data"]["email"], "user7@example.com");
    let again = keystead.report(&["users", "import", "users.jsonl"]);
    assert_eq!((&again["imported"], &again["unchanged"]), (&json!(0), &json!(30)), "{again}");
    assert_eq!(keystead.user_count(), 30);
}

#[test]
fn csv_is_imported_like_json() {
    let keystead = Keystead::start();
    let csv = format!("_id,email,data.city,disabled\n{},ada@example.com,\"Arles,\nProvence\",true\n", id(1));
    keystead.write("users.csv", &csv);
    keystead.ok(&["users", "import", "users.csv"]);
    let user = keystead.json(&["users", "show", &id(1)]);
    assert_eq!(
        (&user["disabled"], &user["data"]["city"]),
        (&json!(true), &json!("Arles,\nProvence")),
        "{user}"
    );
    keystead.write("users.txt", &csv);
    failed(&keystead.run(&["users", "import", "users.txt"]), 2, &["--format"]);
    let again = keystead.report(&["users", "import", "users.txt", "--format", "csv"]);
    assert_eq!(again["unchanged"], 1, "{again}");
}

#[test]
fn what_is_not_imported_is_listed_with_its_line_and_the_reason() {
    let keystead = Keystead::start();
    let text = format!("\n{{\"_id\": \"{}\", \"emial\": \"a@example.com\"}}\nnonsense\n{}", id(9), users(1));
    keystead.write("users.jsonl", &text);
    let ended = keystead.run(&["users", "import", "users.jsonl"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.starts_with("3 received, 1 imported, 0 unchanged, 2 invalid"), "{ended:?}");
    let list = keystead.folder.path().join("users.jsonl.problems.jsonl");
    let problems: Vec<Value> = std::fs::read_to_string(&list)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines: Vec<_> = problems.iter().map(|problem| problem["line"].clone()).collect();
    assert_eq!(lines, [2, 3], "{problems:?}");
    assert!(problems[0]["reason"].as_str().unwrap().contains("emial"), "{problems:?}");
    // The next import that goes well takes the list away.
    keystead.write("users.jsonl", &users(1));
    keystead.ok(&["users", "import", "users.jsonl"]);
    assert!(!list.exists());
}

#[test]
fn an_import_that_was_killed_is_simply_run_again() {
    const USERS: usize = 20_000;
    let keystead = Keystead::start();
    keystead.write("users.jsonl", &users(USERS));
    let import = keystead.command(&["users", "import", "users.jsonl"]).start();
    // Of 10 chunks at least one is in, and with luck not all.
    eventually("the first imported users", || {
        let ended = keystead.run(&["users", "list", "--limit", "1", "--json"]);
        (ended.stdout.trim() != "[]").then_some(())
    });
    import.kill();
    let report = keystead.report(&["users", "import", "users.jsonl"]);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("imported") + count("unchanged"), USERS as u64, "{report}");
    assert!(count("unchanged") > 0, "{report}");
    assert_eq!(report["problems"], json!([]));
    assert_eq!(keystead.report(&["users", "import", "users.jsonl"])["unchanged"], USERS);
}

#[tokio::test]
async fn keys_of_another_system_keep_working() {
    let keystead = Keystead::start();
    keystead.write("users.jsonl", &users(1));
    keystead.ok(&["users", "import", "users.jsonl"]);
    let key = format!("sk_{:040}", 1);
    let digest = sha256(&key);
    let record = json!({"user_id": id(0), "name": "old", "hash": digest, "algorithm": "sha256", "encoding": "hex",
        "prefix": "sk_", "length": key.len(), "alphabet": "alnum"});
    keystead.write("keys.jsonl", &format!("{record}\n"));
    keystead.ok(&["keys", "import", "keys.jsonl", "--dry-run"]);
    assert_eq!(keystead.api().log_in_by_key(&key).await.status, 401);
    keystead.ok(&["keys", "import", "keys.jsonl"]);
    assert_eq!(keystead.api().log_in_by_key(&key).await.tokens().user_id, id(0));
    let again = keystead.report(&["keys", "import", "keys.jsonl"]);
    assert_eq!(again["unchanged"], 1, "{again}");
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let keystead = Keystead::start();
    failed(&keystead.run(&["users", "import", "absent.jsonl"]), 1, &["absent.jsonl", "cannot be read"]);
    let folder = tempfile::TempDir::new().unwrap();
    let ended = Invocation::new(folder.path()).args(["keys", "import"]).run();
    assert_eq!(ended.status.code(), Some(2));
}
