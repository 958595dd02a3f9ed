//! A worker and nothing else, for tests and measurements. The product starts itself with
//! `__function-worker` instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystead_functions::worker()
}
