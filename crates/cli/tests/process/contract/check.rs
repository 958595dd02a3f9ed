//! `keystead check` says everything that is wrong with folders, to people and to programs.

use super::write_app;
use crate::support::{Ended, Invocation};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

fn check(folder: &Path, args: &[&str]) -> Ended {
    Invocation::new(folder).args(["check"]).args(args).run()
}

/// `good`, and `bad` with two problems and a notice.
fn folders() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_app(&folder.path().join("good"), "good-abcde", &json!({}));
    let providers = json!({
        "local-userpass": {"name": "local-userpass", "type": "local-userpass", "config":
            {"autoConfirm": true, "runResetFunction": true, "resetFunctionName": "resetFn", "typo": 1}},
        "nonsense": {"name": "nonsense", "type": "nonsense"},
    });
    let bad = folder.path().join("bad");
    write_app(&bad, "bad-abcde", &providers);
    std::fs::create_dir(bad.join("functions")).unwrap();
    std::fs::write(bad.join("functions/resetFunc.js"), "exports = () => {};").unwrap();
    folder
}

#[test]
fn a_folder_that_can_be_served_is_clean() {
    let folder = folders();
    let ended = check(folder.path(), &["./good"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "./good (good-abcde): 0 problems, 0 notices\n");
    assert_eq!(ended.stderr, "");
    assert!(!folder.path().join("keystead-data").exists());
}

#[test]
fn every_problem_is_a_line_with_its_place_and_the_last_line_counts() {
    let ended = check(folders().path(), &["bad"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "error: auth/providers.json: local-userpass.config.resetFunctionName: \
         there is no function \"resetFn\"; did you mean \"resetFunc\"?"
    );
    assert!(lines[1].starts_with("error: auth/providers.json: nonsense.type: "), "{lines:?}");
    assert!(lines[2].starts_with("notice: "), "{lines:?}");
    assert_eq!(lines[3..], ["bad (bad-abcde): 2 problems, 1 notice"]);
}

#[test]
fn malformed_json_is_shown_where_it_is() {
    let folder = folders();
    std::fs::write(folder.path().join("good/root_config.json"), "{\n  \"app_id\" \"x\"\n}\n").unwrap();
    let ended = check(folder.path(), &["good"]);
    let expected = "error: root_config.json: line 2, column 12: it is malformed JSON: expected `:`\n    \
                    2 |   \"app_id\" \"x\"\n      |            ^\n";
    assert!(ended.stdout.starts_with(expected), "{}", ended.stdout);
}

#[test]
fn programs_get_json_with_an_object_for_each_folder() {
    let ended = check(folders().path(), &["good", "bad", "--format", "json"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        said[0],
        json!({"folder": "good", "client_app_id": "good-abcde", "problems": [], "notices": []})
    );
    assert_eq!((&said[1]["folder"], &said[1]["client_app_id"]), (&json!("bad"), &json!("bad-abcde")));
    assert_eq!(
        said[1]["problems"][0],
        json!({
            "file": "auth/providers.json",
            "path": "local-userpass.config.resetFunctionName",
            "message": "there is no function \"resetFn\"; did you mean \"resetFunc\"?",
        })
    );
    assert_eq!(said[1]["problems"].as_array().unwrap().len(), 2);
    let absent = check(folders().path(), &["absent", "--format=json"]);
    let said: Value = serde_json::from_str(&absent.stdout).unwrap();
    assert_eq!(said[0]["client_app_id"], Value::Null);
    assert_eq!(absent.status.code(), Some(1));
}

#[test]
fn a_wrong_command_line_is_none_of_the_folders() {
    for args in [&[] as &[&str], &["good", "--format", "xml"], &["good", "--listen", "x"]] {
        let ended = check(folders().path(), args);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn folders_of_one_application_are_not_served_together() {
    let ended = check(folders().path(), &["good", "./good"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.contains("error: good has the client app id \"good-abcde\", too"), "{ended:?}");
}

#[test]
fn secrets_are_found_as_in_serving_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let app = folder.path().join("app");
    let providers = json!({"custom-token": {"name": "custom-token", "type": "custom-token",
        "secret_config": {"signingKeys": ["key"]}}});
    write_app(&app, "secret-abcde", &providers);
    let run = |invocation: Invocation| invocation.args(["check", "app"]).run();
    let ended = run(Invocation::new(folder.path()));
    assert!(ended.stdout.contains("set KEYSTEAD_SECRET_KEY to turn it on"), "{ended:?}");
    assert_eq!(ended.status.code(), Some(0));

    std::fs::write(app.join("secrets.json"), r#"{"key": "planted-short", "planted": ["planted-b"]}"#)
        .unwrap();
    std::fs::write(folder.path().join("file"), "planted-in-a-file-0123456789-0123456789\n").unwrap();
    let of_folder = run(Invocation::new(folder.path()));
    assert!(of_folder.stdout.contains("32 to 512 characters"), "{of_folder:?}");
    std::fs::write(app.join("secrets.json"), r#"{"key": "planted-short"}"#).unwrap();
    let of_file = run(Invocation::new(folder.path()).env("KEYSTEAD_SECRET_KEY_FILE", "file"));
    assert_eq!(of_file.status.code(), Some(0), "{of_file:?}");
    let of_environment = run(Invocation::new(folder.path())
        .env("KEYSTEAD_SECRET_KEY_FILE", "file")
        .env("KEYSTEAD_SECRET_KEY", "planted-too")
        .env("KEYSTEAD_SECRET_UNUSED", "planted-unused"));
    assert!(of_environment.stdout.contains("32 to 512 characters"), "{of_environment:?}");
    let no_file = run(Invocation::new(folder.path()).env("KEYSTEAD_SECRET_KEY_FILE", "planted-absent"));
    assert!(no_file.stdout.contains("KEYSTEAD_SECRET_KEY_FILE names cannot be read"), "{no_file:?}");
    for ended in [of_folder, of_file, of_environment, no_file] {
        let said = ended.stdout.replace("secrets.json: planted: ", "") + &ended.stderr;
        assert!(!said.contains("planted"), "{said}");
    }
}

#[test]
fn the_server_refuses_with_the_sentences_of_check() {
    let folder = folders();
    let checked = check(folder.path(), &["bad"]);
    let served = Invocation::serve(folder.path()).args(["--app", "bad"]).run();
    assert_eq!(served.status.code(), Some(1));
    for line in checked.stdout.lines().filter_map(|line| line.strip_prefix("error: ")) {
        assert!(served.stderr.contains(line), "{line}: {}", served.stderr);
    }
}
