//! Folders that want to do harm, or are damaged: each is refused in a sentence.

use crate::{read, text};
use std::path::Path;
use tempfile::TempDir;

/// A folder that can be served.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "root_config.json", r#"{"app_id": "hostile-abcde"}"#);
    write(folder.path(), "auth/providers.json", "{}");
    write(folder.path(), "functions/f.js", "exports = () => {};");
    assert!(read(folder.path()).0.is_some());
    folder
}

fn write(folder: &Path, file: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[track_caller]
fn assert_refused(folder: &Path, parts: &[&str]) {
    let (config, report) = read(folder);
    assert!(config.is_none());
    let said = text(&report);
    assert!(said.lines().any(|line| parts.iter().all(|part| line.contains(part))), "{parts:?}: {said}");
    assert!(said.len() < 10_000, "{said}");
}

#[test]
fn files_that_are_too_large_are_not_read() {
    let app = folder();
    write(app.path(), "values/v.json", " ".repeat(1024 * 1024 + 1));
    assert_refused(app.path(), &["values/v.json", "larger than 1 MiB"]);
    let app = folder();
    write(app.path(), "functions/f.js", " ".repeat(4 * 1024 * 1024 + 1));
    assert_refused(app.path(), &["functions/f.js", "larger than 4 MiB"]);
    let app = folder();
    write(app.path(), "functions/f.js", " ".repeat(4 * 1024 * 1024));
    assert!(read(app.path()).0.is_some());
}

#[test]
fn what_is_no_text_is_refused() {
    for file in ["root_config.json", "auth/providers.json", "functions/f.js", "secrets.json"] {
        let app = folder();
        write(app.path(), file, b"{\xff\xfe}");
        assert_refused(app.path(), &[file, "not UTF-8", "byte is number 2"]);
    }
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let app = folder();
    write(app.path(), "root_config.json", "\u{feff}{\"app_id\": \"hostile-abcde\"}");
    assert!(read(app.path()).0.is_some());
}

#[test]
fn nesting_without_end_is_refused() {
    for text in ["[".repeat(500_000), "{\"a\":".repeat(150_000)] {
        let app = folder();
        write(app.path(), "auth/providers.json", text);
        assert_refused(app.path(), &["auth/providers.json", "recursion limit"]);
    }
}

#[test]
fn names_without_end_are_not_repeated() {
    let app = folder();
    let name = "x".repeat(500_000);
    write(app.path(), "root_config.json", format!(r#"{{"{name}": 1}}"#));
    assert_refused(app.path(), &["app_id"]);
    write(app.path(), "auth/providers.json", format!(r#"{{"{name}": {{"type": "{name}"}}}}"#));
    assert_refused(app.path(), &["auth/providers.json"]);
}

#[test]
fn names_cannot_forge_lines_of_the_report() {
    let app = folder();
    write(
        app.path(),
        "auth/providers.json",
        r#"{"a\nerror: forged": {"type": "b\u001b[2J\nerror: forged"}}"#,
    );
    let (_, report) = read(app.path());
    let said = text(&report);
    assert!(said.lines().all(|line| !line.starts_with("error: forged")), "{said}");
    assert!(!said.contains('\u{1b}'));
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    assert_refused(&folder.path().join("absent"), &["the folder cannot be read"]);
    write(folder.path(), "file", "");
    assert_refused(&folder.path().join("file"), &["this is no folder"]);
}

#[test]
fn directories_in_the_place_of_files_are_refused() {
    for file in ["root_config.json", "auth/providers.json", "secrets.json", "functions/config.json"] {
        let app = folder();
        let path = app.path().join(file);
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir_all(&path).unwrap();
        assert_refused(app.path(), &[file, "this must be a file"]);
    }
}

#[cfg(unix)]
mod unix {
    use super::{assert_refused, folder, read, write};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    #[test]
    fn links_out_of_the_folder_are_refused() {
        let outside = TempDir::new().unwrap();
        write(outside.path(), "f.js", "planted");
        for file in ["functions/g.js", "values/v.json", "secrets.json"] {
            let app = folder();
            std::fs::create_dir_all(app.path().join("values")).unwrap();
            symlink(outside.path().join("f.js"), app.path().join(file)).unwrap();
            assert_refused(app.path(), &[file, "out of the folder"]);
        }
        let app = folder();
        symlink(outside.path(), app.path().join("functions/lib")).unwrap();
        assert_refused(app.path(), &["functions/lib", "out of the folder"]);
        symlink("/dev/zero", app.path().join("functions/zero.js")).unwrap();
        assert_refused(app.path(), &["functions/zero.js", "out of the folder"]);
    }

    #[test]
    fn links_that_lead_nowhere_are_refused() {
        let app = folder();
        symlink("absent.js", app.path().join("functions/g.js")).unwrap();
        assert_refused(app.path(), &["functions/g.js", "cannot be read"]);
    }

    #[test]
    fn links_inside_the_folder_are_followed() {
        let app = TempDir::new().unwrap();
        write(app.path(), "..data/root_config.json", r#"{"app_id": "linked-abcde"}"#);
        write(app.path(), "..data/f.js", "exports = () => {};");
        symlink("..data/root_config.json", app.path().join("root_config.json")).unwrap();
        std::fs::create_dir(app.path().join("functions")).unwrap();
        symlink("../..data/f.js", app.path().join("functions/f.js")).unwrap();
        let (config, report) = read(app.path());
        assert!(config.unwrap().functions.get("f").is_some(), "{report:?}");
    }

    #[test]
    fn links_in_circles_end() {
        let app = folder();
        symlink(".", app.path().join("functions/again")).unwrap();
        assert_refused(app.path(), &["the directories are too deep"]);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let app = folder();
        let path = app.path().join("functions/pipe.js");
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        assert_refused(app.path(), &["functions/pipe.js", "this must be a file"]);
    }

    #[test]
    fn file_names_that_are_no_text_are_refused() {
        let app = folder();
        std::fs::write(app.path().join("functions").join(OsStr::from_bytes(b"\xff.js")), "").unwrap();
        assert_refused(app.path(), &["functions", "is not UTF-8"]);
    }
}
