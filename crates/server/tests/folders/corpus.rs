//! Every folder of `tests/corpus` is read, and what is said about it is in its `expected.txt`. To
//! write these files anew, and then read the difference: `KEYSTEAD_WRITE_EXPECTED=1`.

use crate::{corpus, read, text};
use std::path::Path;

/// Secrets in the corpus have this in them; no report may.
const PLANTED: &str = "planted-";

/// Git keeps no permissions, and one of the notices is about them.
#[cfg(unix)]
fn let_others_read(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if file.exists() {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[cfg(not(unix))]
fn let_others_read(_: &Path) {}

#[test]
fn every_folder_is_reported_as_expected() {
    let write = std::env::var_os("KEYSTEAD_WRITE_EXPECTED").is_some();
    let mut different = Vec::new();
    let mut cases = 0;
    for case in corpus().read_dir().unwrap() {
        let case = case.unwrap().path();
        let_others_read(&case.join("app/secrets.json"));
        let (config, report) = read(&case.join("app"));
        assert_eq!(config.is_some(), report.problems.is_empty(), "{}", case.display());
        let found = text(&report);
        assert!(!found.contains(PLANTED), "a secret is shown: {found}");
        let file = case.join("expected.txt");
        if write {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            different.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", case.display()));
        }
        cases += 1;
    }
    assert!(cases > 60, "the corpus is not there");
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}
