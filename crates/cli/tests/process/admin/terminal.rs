//! On a terminal people are asked, and see colours; without one nothing is asked, and nothing that
//! cannot be undone is done.

use super::{ADMIN_PASSWORD, Keystead, failed};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs it on a terminal, on which a person types this. The terminal is that of `script`.
fn on_terminal(keystead: &Keystead, command: &str, typed: &str) -> Output {
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("{} {command}", env!("CARGO_BIN_EXE_keystead")))
        .arg("/dev/null")
        .current_dir(keystead.folder.path())
        .env("KEYSTEAD_URL", &keystead.server.url)
        .env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD)
        .env("XDG_CONFIG_HOME", keystead.folder.path().join("config"))
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}

#[tokio::test]
async fn a_user_is_deleted_only_when_somebody_says_yes() {
    let keystead = Keystead::start();
    let id = keystead.api().new_user("ada@example.com").await.user_id;
    let delete = ["users", "delete", &id];
    failed(&keystead.run(&delete), 2, &["ada@example.com", "for good", "--yes"]);
    let asked = on_terminal(&keystead, &format!("users delete {id}"), "n\n");
    assert_eq!(asked.status.code(), Some(1), "{asked:?}");
    assert!(text(&asked).contains(&format!("The user ada@example.com ({id}) will be deleted")), "{asked:?}");
    assert!(text(&asked).contains("nothing was changed"), "{asked:?}");
    keystead.ok(&["users", "show", &id]);
    let asked = on_terminal(&keystead, &format!("users delete {id}"), "y\n");
    assert_eq!(asked.status.code(), Some(0), "{asked:?}");
    failed(&keystead.run(&["users", "show", &id]), 4, &["user not found"]);
}

#[tokio::test]
async fn scripts_say_yes_in_advance() {
    let keystead = Keystead::start();
    let id = keystead.api().new_user("ada@example.com").await.user_id;
    keystead.ok(&["users", "delete", &id, "--yes"]);
    failed(&keystead.run(&["users", "show", &id]), 4, &["user not found"]);
}

#[test]
fn colours_are_for_terminals() {
    let keystead = Keystead::start();
    let shown = on_terminal(&keystead, "apps list", "");
    assert!(text(&shown).contains("\u{1b}[1mAPP"), "{shown:?}");
    let plain = keystead.run(&["apps", "list"]);
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
}

#[test]
fn a_password_that_is_typed_is_not_shown() {
    let keystead = Keystead::start();
    let shown = on_terminal(&keystead, "login", &format!("{ADMIN_PASSWORD}\n"));
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    let after_the_prompt = text(&shown);
    let after_the_prompt = after_the_prompt.split("password: ").nth(1).unwrap().to_owned();
    assert!(!after_the_prompt.contains(ADMIN_PASSWORD), "{after_the_prompt}");
    assert!(keystead.folder.path().join("config/keystead/config.toml").exists());
}
