//! The commands that administer a server, against a real one.

mod admin_keys;
mod apps;
mod audit;
mod backup;
mod configuration;
mod connection;
mod exit_codes;
mod import;
mod keys;
mod manual;
mod pages;
mod terminal;
mod users;

use crate::support::api::Api;
use crate::support::{Ended, Invocation, Process};
use serde_json::Value;
use tempfile::TempDir;

const ADMIN_PASSWORD: &str = "planted-admin-password";

/// A server, and a folder in which commands are run as its administrator.
struct Keystead {
    folder: TempDir,
    server: Process,
}

impl Keystead {
    fn start() -> Self {
        Self::start_with(|invocation| invocation)
    }

    fn start_with(prepare: impl FnOnce(Invocation) -> Invocation) -> Self {
        let folder = TempDir::new().unwrap();
        let invocation = Invocation::serve(folder.path()).env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD);
        let server = prepare(invocation).start_ready();
        Self { folder, server }
    }

    fn api(&self) -> Api {
        Api::new(&self.server.url)
    }

    /// Without credentials.
    fn stranger(&self, args: &[&str]) -> Invocation {
        Invocation::new(self.folder.path()).env("KEYSTEAD_URL", &self.server.url).args(args)
    }

    fn command(&self, args: &[&str]) -> Invocation {
        self.stranger(args).env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD)
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.command(args).run()
    }

    /// What it prints, when it succeeds.
    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        succeeded(self.run(args))
    }

    #[track_caller]
    fn ok_with_input(&self, args: &[&str], input: &str) -> String {
        succeeded(self.command(args).input(input).run())
    }

    /// The JSON that it prints.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?} printed {text}: {error}"))
    }
}

#[track_caller]
fn succeeded(ended: Ended) -> String {
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    ended.stdout
}

/// That it ended with this exit code, and one sentence that has all these parts in it.
#[track_caller]
fn failed(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.status.code(), Some(code), "{ended:?}");
    let sentence = ended.stderr.strip_suffix('\n').unwrap_or_default();
    assert!(sentence.starts_with("keystead: ") && !sentence.contains('\n'), "{ended:?}");
    assert!(parts.iter().all(|part| sentence.contains(part)), "{parts:?} were expected: {ended:?}");
}
