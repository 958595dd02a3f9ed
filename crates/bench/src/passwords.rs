//! Password logins beside key logins: what 256 of them at once cost in memory, and what they leave
//! of the key logins' throughput.

use crate::KEYSTEAD_PORT;
use crate::load::Running;
use crate::{median, seed};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;

const CLIENTS: usize = 256;
const ROUNDS: usize = 3;
const SECONDS: u32 = 5;

/// Prints a table.
pub(crate) fn run() -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let seeded = seed(folder.path(), 1_000, 0)?;
    let keystead = Running::keystead(&seeded.data_dir, KEYSTEAD_PORT, "EdDSA")?;
    post("local-userpass/register", r#"{"email":"bench@example.com","password":"bench password"}"#)?;
    keystead.measure("login", &seeded.keys, 1)?;
    let idle = keystead.memory()?;
    let mut ratios = Vec::new();
    let mut most = idle;
    let mut passwords = 0.0;
    for _ in 0..ROUNDS {
        let alone = keystead.measure("login", &seeded.keys, SECONDS)?;
        let flood = Flood::start();
        let beside = keystead.measure("login", &seeded.keys, SECONDS)?;
        most = most.max(keystead.memory()?);
        passwords = f64::from(u32::try_from(flood.stop()?).unwrap_or(u32::MAX)) / f64::from(SECONDS);
        ratios.push(beside.requests_per_second / alone.requests_per_second);
    }
    println!(
        "| password clients | password logins/s | memory before, MB | memory at most, MB | key logins beside them, of alone |"
    );
    println!("|---|---|---|---|---|");
    println!("| {CLIENTS} | {passwords:.0} | {idle:.0} | {most:.0} | {:.2} |", median(ratios));
    Ok(())
}

/// Threads that log in by password, one after the other, until told to stop.
struct Flood {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    threads: Vec<std::thread::JoinHandle<Result<(), String>>>,
}

impl Flood {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicUsize::new(0));
        let threads = (0..CLIENTS)
            .map(|_| {
                let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let body = r#"{"username":"bench@example.com","password":"bench password"}"#;
                        post("local-userpass/login", body)?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        Self { stop, done, threads }
    }

    /// How many logins there were.
    fn stop(self) -> Result<usize, String> {
        let done = self.done.load(Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| "a client panicked")??;
        }
        Ok(done)
    }
}

fn post(action: &str, body: &str) -> Result<(), String> {
    let request = format!(
        "POST /api/client/v2.0/app/quickstart-abcde/auth/providers/{action} HTTP/1.1\r\n\
         Host: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", KEYSTEAD_PORT)).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    if answer.starts_with("HTTP/1.1 20") { Ok(()) } else { Err(format!("{action}: {answer}")) }
}
