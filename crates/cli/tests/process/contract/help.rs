use crate::support::Invocation;
use std::collections::HashMap;
use tempfile::TempDir;

fn succeed(args: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let ended = Invocation::new(folder.path()).args(args).run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?} wrote files");
    ended.stdout
}

/// The help text of each flag, on one line.
fn flags(help: &str) -> HashMap<String, String> {
    let mut flags: HashMap<String, String> = HashMap::new();
    let mut flag = String::new();
    for line in help.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        // `--flag`, or `--flag[=<VALUE>]`; a usage line has `[--flag]`.
        let is_name = |word: &&&str| word.starts_with("--") && (word.contains("[=") || !word.ends_with(']'));
        if line.starts_with("  ")
            && let Some(name) = words.iter().take(2).find(is_name)
        {
            name.split('[').next().unwrap_or_default().clone_into(&mut flag);
        }
        let text = flags.entry(flag.clone()).or_default();
        text.push_str(&words.join(" "));
        text.push(' ');
    }
    flags
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(succeed(&["--version"]), format!("keystead {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_help_of_serve_names_every_flag_with_its_variable_and_default() {
    let flags = flags(&succeed(&["serve", "--help"]));
    for (flag, variable, default) in [
        ("--listen", "KEYSTEAD_LISTEN", "[default: 127.0.0.1:9090]"),
        ("--public-url", "KEYSTEAD_PUBLIC_URL", "[default: http://localhost:9090, derived from --listen]"),
        ("--data-dir", "KEYSTEAD_DATA_DIR", "[default: ./keystead-data]"),
        ("--app", "KEYSTEAD_APP", "[default: the bundled quickstart]"),
        ("--watch", "KEYSTEAD_WATCH", "[default: only on SIGHUP]"),
        ("--admin-email", "KEYSTEAD_ADMIN_EMAIL", "[default: "),
        (
            "--admin-password",
            "KEYSTEAD_ADMIN_PASSWORD",
            "[default: generated at first start and printed once]",
        ),
        ("--admin-password-file", "KEYSTEAD_ADMIN_PASSWORD_FILE", ""),
        ("--smtp-url", "KEYSTEAD_SMTP_URL", "[default: none"),
        ("--trusted-proxies", "KEYSTEAD_TRUSTED_PROXIES", "[default: none]"),
        ("--login-throttle", "KEYSTEAD_LOGIN_THROTTLE", "[default: 20/min]"),
        ("--log", "KEYSTEAD_LOG", "[default: info]"),
    ] {
        let text = flags.get(flag).unwrap_or_else(|| panic!("{flag} is missing"));
        assert!(text.contains(&format!("[env: {variable}")), "{flag}: {text}");
        assert!(text.contains(default), "{flag}: {text}");
    }
}

#[test]
fn everything_that_serve_takes_is_taken_without_a_subcommand_too() {
    let of_serve = flags(&succeed(&["serve", "--help"]));
    let of_program = flags(&succeed(&["--help"]));
    for flag in of_serve.keys().filter(|flag| flag.starts_with("--")) {
        assert!(of_program.contains_key(flag), "{flag}");
    }
}

#[test]
fn the_help_does_not_show_secrets_of_the_environment() {
    let folder = TempDir::new().unwrap();
    let ended = Invocation::new(folder.path())
        .args(["serve", "--help"])
        .env("KEYSTEAD_ADMIN_PASSWORD", "planted-admin-password")
        .env("KEYSTEAD_SMTP_URL", "smtp://user:planted-smtp-password@localhost")
        .env("KEYSTEAD_PEPPER", "planted-pepper")
        .env("KEYSTEAD_SECRET_CUSTOMTOKENKEY", "planted-signing-key")
        .run();
    assert!(!ended.stdout.contains("planted"), "{}", ended.stdout);
}

#[test]
fn shells_get_completions() {
    for (shell, mark) in
        [("bash", "complete -F _keystead"), ("zsh", "#compdef keystead"), ("fish", "complete -c keystead")]
    {
        let script = succeed(&["completions", shell]);
        assert!(script.contains(mark), "{shell}: {script}");
        assert!(script.contains("data-dir"), "{shell}");
    }
}
