//! What a login costs with few and with many stored keys.

use crate::load::{Measured, Running};
use crate::seed::Seeded;
use crate::{CEILING_PORT, KEYSTEAD_PORT, ROUNDS, SECONDS, median, seed};
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

const FEW: usize = 1_000;
const IN_USE: usize = 1_000;
/// Long enough that the caches hold what they are going to hold.
const WARM_UP: u32 = 20;

/// A server with so many keys, and what was seen of it.
struct Store {
    keys: usize,
    seeded: Seeded,
    /// Seconds; `None` if the keys were there before.
    seeding: Option<f64>,
    server: Running,
    /// Milliseconds.
    start_up: f64,
    /// Megabytes.
    idle: f64,
    in_use: Vec<Measured>,
    any: Vec<Measured>,
}

/// Prints a table. What is written into `kept` stays there, and is used again by the next run: ten million keys take
/// a while.
pub(crate) fn run(keys: &str, kept: Option<&Path>) -> Result<(), String> {
    let keys: usize = keys.parse().map_err(|_| "how many keys?")?;
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let folder = kept.unwrap_or(folder.path());
    // Both stand at once and are measured in turn, so that neighbours slow both columns alike.
    let mut few = Store::open(folder, FEW, KEYSTEAD_PORT)?;
    let mut many = Store::open(folder, keys, CEILING_PORT)?;
    for store in [&few, &many] {
        store.server.measure("login", &store.seeded.keys, WARM_UP)?;
    }
    for _ in 0..ROUNDS {
        few.measure()?;
        many.measure()?;
    }
    println!("medians of {ROUNDS} rounds of {SECONDS} s, in turn\n");
    println!(
        "| keys | seeding s | start-up ms | idle MB | in use: CPU µs | any key: CPU µs | any key: p99 ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for store in [&few, &many] {
        store.print();
    }
    let more = |many: &[Measured], few: &[Measured]| (cpu(many) / cpu(few) - 1.0) * 100.0;
    println!(
        "\nmore processor time with {keys} keys: {:.1} % (in use), {:.1} % (any key)",
        more(&many.in_use, &few.in_use),
        more(&many.any, &few.any),
    );
    Ok(())
}

impl Store {
    fn open(folder: &Path, keys: usize, port: u16) -> Result<Self, String> {
        let folder = folder.join(keys.to_string());
        let began = Instant::now();
        let (seeded, seeding) = match Seeded::find(&folder, keys) {
            Some(seeded) => (seeded, None),
            None => (seed(&folder, keys, 0)?, Some(began.elapsed().as_secs_f64())),
        };
        let began = Instant::now();
        let server = Running::keystead(&seeded.data_dir, port, "EdDSA")?;
        let start_up = began.elapsed().as_secs_f64() * 1000.0;
        let idle = server.memory()?;
        Ok(Self { keys, seeded, seeding, server, start_up, idle, in_use: Vec::new(), any: Vec::new() })
    }

    fn measure(&mut self) -> Result<(), String> {
        let keys = &self.seeded.keys;
        self.in_use.push(self.server.measure("login", &keys.first(IN_USE), SECONDS)?);
        self.any.push(self.server.measure("login", keys, SECONDS)?);
        Ok(())
    }

    fn print(&self) {
        let failed: u64 = self.in_use.iter().chain(&self.any).map(|run| run.failed).sum();
        if failed > 0 {
            println!("\n{failed} requests failed\n");
        }
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.1} | {:.1} | {:.2} |",
            self.keys,
            self.seeding.map_or("before".to_owned(), |seconds| format!("{seconds:.0}")),
            self.start_up,
            self.idle,
            cpu(&self.in_use),
            cpu(&self.any),
            median(self.any.iter().map(|run| run.p99)),
        );
    }
}

fn cpu(runs: &[Measured]) -> f64 {
    median(runs.iter().map(|run| run.cpu_per_request))
}
