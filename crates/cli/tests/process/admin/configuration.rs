//! What an application that was made on the running server is configured with.

use super::{Keystead, failed};
use serde_json::Value;

const SECRET: &str = "planted-secret-of-an-application";

/// A server with an application of its own, and that application's id.
fn with_app() -> (Keystead, String) {
    let keystead = Keystead::start();
    let app = keystead.ok(&["apps", "create", "shop"]).trim().to_owned();
    (keystead, app)
}

#[test]
fn providers_are_set_from_json_and_switched() {
    let (keystead, app) = with_app();
    let run = |args: &[&str]| keystead.run(&[&["providers"], args, &["--app", &app]].concat());
    let ok = |args: &[&str]| super::succeeded(run(args));
    assert!(ok(&["list"]).contains("api-key"));
    ok(&["enable", "api-key"]);
    let listed: Value = serde_json::from_str(&ok(&["list", "--json"])).unwrap();
    assert_eq!(listed[0]["disabled"], false, "{listed}");

    let json = r#"{"config": {"autoConfirm": true, "resetPasswordUrl": "https://shop.example.com/reset"}}"#;
    keystead.ok_with_input(&["providers", "set", "local-userpass", "--app", &app], json);
    std::fs::write(
        keystead.folder.path().join("change.json"),
        r#"{"config": {"resetPasswordSubject": "Again"}}"#,
    )
    .unwrap();
    keystead.ok(&["providers", "set", "local-userpass", "change.json", "--app", &app]);
    let shown: Value = serde_json::from_str(&ok(&["show", "local-userpass", "--json"])).unwrap();
    assert_eq!(shown["config"]["resetPasswordSubject"], "Again", "{shown}");
    assert_eq!(shown["config"]["autoConfirm"], true, "{shown}");
    assert_eq!(shown["config"]["resetPasswordUrl"], "https://shop.example.com/reset", "{shown}");

    ok(&["disable", "local-userpass"]);
    failed(&run(&["delete", "local-userpass"]), 2, &["local-userpass", "--yes"]);
    ok(&["delete", "local-userpass", "--yes"]);
    failed(&run(&["show", "local-userpass"]), 4, &["local-userpass"]);
    let ended = keystead.command(&["providers", "set", "anon-user", "--app", &app]).input("nonsense").run();
    failed(&ended, 2, &["no JSON"]);
    let ended = keystead.run(&["providers", "disable", "anon-user", "--app", "quickstart-abcde"]);
    failed(&ended, 3, &["folder"]);
}

#[test]
fn functions_are_set_shown_run_and_deleted() {
    let (keystead, app) = with_app();
    let run = |args: &[&str]| keystead.run(&[&["functions"], args, &["--app", &app]].concat());
    let ok = |args: &[&str]| super::succeeded(run(args));
    let source = "exports = (name) => { console.log('called'); return `Hello ${name}`; };\n";
    std::fs::write(keystead.folder.path().join("greet.js"), source).unwrap();
    ok(&["set", "greet", "greet.js"]);
    assert!(ok(&["list"]).contains("greet"));
    assert_eq!(ok(&["show", "greet"]).trim_end(), source.trim_end());
    let ended = run(&["run", "greet", "--args", r#"["Ada"]"#]);
    assert_eq!((ended.status.code(), ended.stdout.trim()), (Some(0), "\"Hello Ada\""), "{ended:?}");
    assert!(ended.stderr.contains("called"), "{ended:?}");
    let answer: Value = serde_json::from_str(&ok(&["run", "greet", "--json"])).unwrap();
    assert_eq!(answer["result"], "Hello undefined");

    let other = "exports = () => { throw new Error('broken on purpose'); };";
    keystead.ok_with_input(&["functions", "set", "greet", "-", "--app", &app], other);
    failed(&run(&["run", "greet"]), 1, &["broken on purpose"]);
    failed(&run(&["run", "greet", "--args", "{}"]), 2, &["array"]);
    failed(&run(&["delete", "greet"]), 2, &["greet", "--yes"]);
    ok(&["delete", "greet", "--yes"]);
    failed(&run(&["show", "greet"]), 4, &["greet"]);
}

#[test]
fn secrets_come_from_standard_input_and_are_never_shown() {
    let (keystead, app) = with_app();
    let set = || keystead.command(&["secrets", "set", "signingKey", "--app", &app]);
    failed(&set().run(), 2, &["standard input"]);
    for _ in 0..2 {
        let ended = set().input(SECRET).run();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{ended:?}");
    }
    for json in [false, true] {
        let flag: &[&str] = if json { &["--json"] } else { &[] };
        let listed = keystead.ok(&[&["secrets", "list", "--app", &app], flag].concat());
        assert_eq!(listed.matches("signingKey").count(), 1, "{listed}");
        assert!(!listed.contains(SECRET), "{listed}");
    }
    let delete = ["secrets", "delete", "signingKey", "--app", &app];
    failed(&keystead.run(&delete), 2, &["signingKey", "--yes"]);
    keystead.ok(&[&delete[..], &["--yes"]].concat());
    failed(&keystead.run(&delete), 4, &["signingKey"]);
}
