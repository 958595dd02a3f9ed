//! Asking before what cannot be undone.
#![expect(clippy::print_stderr, reason = "this is where people are spoken to")]

use super::exit::Failure;
use clap::Args;
use std::io::IsTerminal as _;

/// Whether to ask. The doc comments are the help texts.
#[derive(Args)]
pub(crate) struct Confirmation {
    /// Do not ask; what scripts say
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Says what will happen and goes on only if it is wanted.
    pub(crate) fn ask(&self, what_happens: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Failure::Usage(format!(
                "{what_happens} Nothing was changed: there is no terminal to ask on, so say --yes if you want it."
            )));
        }
        eprint!("{what_happens}\nGo on? [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map_err(|error| Failure::Other(format!("the answer cannot be read: {error}")))?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::Other("nothing was changed".to_owned())),
        }
    }
}
