//! Measures Keystead against a bare axum server, interleaved, with wrk, and prints a table.
//!
//! `keystead-bench` for the table, `keystead-bench growth` for what many keys cost,
//! `keystead-bench passwords` for password logins beside key logins, `keystead-bench functions` for calls of a
//! function, `keystead-bench import` for the import of a million users.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program prints")]

mod ceiling;
mod functions;
mod growth;
mod import;
mod load;
mod passwords;
mod seed;

use load::{Measured, Running};
use seed::{Records, Seeded};
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYSTEAD_PORT: u16 = 19_090;
const CEILING_PORT: u16 = 19_091;
const SECONDS: u32 = 3;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] | ["table"] => table(100_000, ""),
        ["table", part_of_name] => table(100_000, part_of_name),
        ["growth"] => growth::run("10000000", None),
        ["growth", keys] => growth::run(keys, None),
        ["growth", keys, folder] => growth::run(keys, Some(Path::new(folder))),
        ["passwords"] => passwords::run(),
        ["functions"] => functions::run(),
        ["import"] => import::run(1_000_000),
        ["import", users] => users.parse().map_or(Err("how many users?".into()), import::run),
        ["ceiling", port, size] => match (port.parse(), size.parse()) {
            (Ok(port), Ok(size)) => ceiling::serve(port, size),
            _ => Err("ceiling PORT SIZE".into()),
        },
        _ => {
            Err("keystead-bench [table [PART_OF_NAME] | growth [KEYS [FOLDER]] | passwords | functions | import [USERS]]"
                .into())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("keystead-bench: {message}");
            ExitCode::FAILURE
        }
    }
}

struct Case<'a> {
    name: &'a str,
    kind: &'a str,
    algorithm: &'a str,
    records: Records,
    /// Bytes of the answer.
    answer: usize,
    target: f64,
}

/// The cases whose name contains `filter`.
fn table(keys: usize, filter: &str) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let seeded = seed(folder.path(), keys, seed::CREATORS)?;
    println!("{keys} stored keys; {ROUNDS} rounds of {SECONDS} s, interleaved; medians\n");
    println!("| path | req/s | ratio | target | p50 ms | p99 ms | CPU µs | ceiling CPU µs | memory MB |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for case in cases(&seeded).into_iter().filter(|case| case.name.contains(filter)) {
        run_case(&seeded.data_dir, &case)?;
    }
    Ok(())
}

fn cases(seeded: &Seeded) -> Vec<Case<'static>> {
    let case = |name, kind, algorithm, records: &Records, answer, target| Case {
        name,
        kind,
        algorithm,
        records: records.clone(),
        answer,
        target,
    };
    let in_use = seeded.keys.first(1_000);
    vec![
        case("key login, HS256, keys in use", "login", "HS256", &in_use, 1_750, 0.75),
        case("key login, EdDSA, keys in use", "login", "EdDSA", &in_use, 1_793, 0.45),
        case("key login, HS256, any key", "login", "HS256", &seeded.keys, 1_750, 0.50),
        case("session refresh, HS256", "session", "HS256", &seeded.sessions, 540, 0.70),
        case("list my keys", "list", "HS256", &seeded.sessions, 361, 0.40),
        case("create a key, durable", "create", "HS256", &seeded.creators, 140, 0.20),
    ]
}

fn run_case(data_dir: &Path, case: &Case<'_>) -> Result<(), String> {
    let keystead = Running::keystead(data_dir, KEYSTEAD_PORT, case.algorithm)?;
    let ceiling = Running::ceiling(CEILING_PORT, case.answer)?;
    // Warm-up, not counted.
    keystead.measure(case.kind, &case.records, 1)?;
    ceiling.measure(case.kind, &case.records, 1)?;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(keystead.measure(case.kind, &case.records, SECONDS)?);
        theirs.push(ceiling.measure(case.kind, &case.records, SECONDS)?);
    }
    let ratios = ours.iter().zip(&theirs).map(|(a, b)| a.requests_per_second / b.requests_per_second);
    let of = |pick: fn(&Measured) -> f64| median(ours.iter().map(pick));
    println!(
        "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.0} |",
        case.name,
        of(|run| run.requests_per_second),
        median(ratios),
        case.target,
        of(|run| run.p50),
        of(|run| run.p99),
        of(|run| run.cpu_per_request),
        median(theirs.iter().map(|run| run.cpu_per_request)),
        of(|run| run.memory),
    );
    let failed: u64 = ours.iter().map(|run| run.failed).sum();
    if failed > 0 {
        println!("\n{failed} requests of \"{}\" failed\n", case.name);
    }
    Ok(())
}

pub(crate) fn seed(folder: &Path, keys: usize, creators: usize) -> Result<Seeded, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(seed::seed(folder, keys, creators))
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
