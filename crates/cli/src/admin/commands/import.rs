//! `keystead users import` and `keystead keys import`.
#![allow(clippy::doc_markdown, reason = "these doc comments are help texts, printed as they are")]

use crate::admin::app::App;
use crate::admin::import::Import;
use crate::admin::import::chunks::Format;
use crate::admin::output::{self, text};
use crate::admin::secret_input;
use crate::admin::{Context, exit::Failure};
use clap::Args;
use std::path::PathBuf;

pub(super) const USERS_HELP: &str = "\
Fields of a user, as members of a JSON object or columns of CSV: docs/operations.md describes them.

An import that was interrupted is run again: what is there already is unchanged. What could not be
imported is listed in FILE.problems.jsonl, with its line and the reason, and the exit code is 1.

Examples:
  keystead users import users.jsonl --dry-run
  keystead users import users.csv --claim-mail
  keystead users import export.txt --format csv --json";

pub(super) const KEYS_HELP: &str = "\
Fields of a key, as members of a JSON object or columns of CSV: docs/operations.md describes them.

An import that was interrupted is run again: what is there already is unchanged. What could not be
imported is listed in FILE.problems.jsonl, with its line and the reason, and the exit code is 1.

Examples:
  keystead keys import keys.jsonl --dry-run
  keystead keys import keys.jsonl
  keystead keys import keys.jsonl --hmac < hmac.key";

/// So many reasons are shown; the file has all.
const SHOWN: usize = 10;

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct ImportOptions {
    /// The file
    file: PathBuf,
    /// How it is written [default: what its name ends with, .jsonl or .csv]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Say what would be imported and what not, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct UsersImportOptions {
    #[command(flatten)]
    import: ImportOptions,
    /// Mail a link to claim the account to everybody who comes without a password hash
    #[arg(long)]
    claim_mail: bool,
}

/// The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct KeysImportOptions {
    #[command(flatten)]
    import: ImportOptions,
    /// Ask for the key of hmac-sha256 hashes, in base64, or read it from standard input
    #[arg(long)]
    hmac: bool,
}

pub(super) async fn users(
    options: &UsersImportOptions,
    app: &App<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let query = format!("?dry_run={}&claim_mail={}", options.import.dry_run, options.claim_mail);
    let import = Import {
        route: app.own.below("/users/import"),
        query,
        file: &options.import.file,
        format: options.import.format()?,
        dry_run: options.import.dry_run,
        hmac_key: None,
    };
    run(&import, context).await
}

pub(super) async fn keys(
    options: &KeysImportOptions,
    app: &App<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let hmac_key =
        if options.hmac { Some(secret_input::read("The key of the hashes, in base64")?) } else { None };
    let import = Import {
        route: app.own.below("/api_keys/import"),
        query: format!("?dry_run={}", options.import.dry_run),
        file: &options.import.file,
        format: options.import.format()?,
        dry_run: options.import.dry_run,
        hmac_key,
    };
    run(&import, context).await
}

impl ImportOptions {
    fn format(&self) -> Result<Format, Failure> {
        let format = self.format.or_else(|| Format::of(&self.file));
        format.ok_or_else(|| {
            let file = self.file.display();
            Failure::Usage(format!("say how {file} is written: --format jsonl or --format csv"))
        })
    }
}

async fn run(import: &Import<'_>, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let (report, list) = import.run(output).await?;
    if output.is_json() {
        output::document(&report.document(import.dry_run))?;
    } else {
        for problem in report.problems().iter().take(SHOWN) {
            output.remark(&format!("line {}: {}", problem["line"], text(&problem["reason"])));
        }
        let prefix = if import.dry_run { "Nothing was changed. It would be: " } else { "" };
        output::line(&format!("{prefix}{}", report.summary()))?;
    }
    match list {
        None => Ok(()),
        Some(list) => {
            output.remark(&format!("What is not imported is listed in {}.", list.display()));
            Err(Failure::Said)
        }
    }
}
