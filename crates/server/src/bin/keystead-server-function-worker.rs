//! A worker for functions and nothing else, for the tests of this crate. The product starts itself with
//! `__function-worker` instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystead_functions::worker()
}
