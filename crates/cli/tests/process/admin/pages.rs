//! Every command explains itself: examples in its help, and a manual page.

use crate::support::Invocation;
use std::collections::BTreeSet;
use tempfile::TempDir;

/// The help of a command, like `users list`.
fn help(command: &[String]) -> String {
    let folder = TempDir::new().unwrap();
    let ended = Invocation::new(folder.path()).args(command).args(["--help"]).run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    ended.stdout
}

/// The names in the list of commands of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = lines.take_while(|line| line.starts_with("  "));
    let names =
        list.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands, and the help of each.
fn commands() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut to_visit = vec![Vec::new()];
    while let Some(command) = to_visit.pop() {
        let text = help(&command);
        to_visit.extend(subcommands(&text).into_iter().map(|name| [command.as_slice(), &[name]].concat()));
        found.push((command, text));
    }
    found
}

#[test]
fn every_command_has_a_manual_page_and_every_administrative_one_examples() {
    let folder = TempDir::new().unwrap();
    let ended = Invocation::new(folder.path()).args(["man", "pages"]).run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let entries = std::fs::read_dir(folder.path().join("pages")).unwrap();
    let pages: BTreeSet<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let commands = commands();
    assert!(commands.iter().any(|(command, _)| *command == ["users", "pending", "confirm"]));
    let page = |command: &Vec<String>| {
        let name = [&["keystead".to_owned()], command.as_slice()].concat().join("-");
        format!("{name}.1")
    };
    let expected: BTreeSet<_> = commands.iter().map(|(command, _)| page(command)).collect();
    assert_eq!(pages, expected);
    let without = ["serve", "check", "rotate-signing-keys", "completions", "restore"];
    for (command, help) in &commands {
        let is_old = command.first().is_none_or(|first| without.contains(&first.as_str()));
        let has_more = help.contains("\nCommands:\n");
        assert!(is_old || has_more || help.contains("\nExamples:\n  keystead "), "{command:?}: {help}");
        let text = std::fs::read_to_string(folder.path().join("pages").join(page(command))).unwrap();
        assert!(text.starts_with(".ie"), "{text}");
        assert!(is_old || has_more || text.contains("Examples:"), "{command:?}: {text}");
    }
}

/// Arguments can be read by every process of the machine.
#[test]
fn no_command_takes_a_secret_as_an_argument() {
    for (command, help) in commands() {
        let is_of_server = command.is_empty() || command[0] == "serve" || command[0] == "rotate-signing-keys";
        if is_of_server {
            continue;
        }
        for word in help.split_whitespace().filter(|word| word.starts_with("--")) {
            let names_a_secret = ["password", "secret", "private", "token", "value"];
            let is_about_functions = command[0] == "functions" && word == "--private";
            assert!(
                is_about_functions || !names_a_secret.iter().any(|name| word.contains(name)),
                "{command:?} has {word}"
            );
        }
    }
}
