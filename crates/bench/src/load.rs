//! Servers as processes, and wrk against them.

use crate::seed::Records;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server under load. Dropping it ends it.
pub(crate) struct Running {
    process: Child,
    pub(crate) port: u16,
}

/// What one run of the load tool saw.
#[derive(Clone, Copy, Default)]
pub(crate) struct Measured {
    pub(crate) requests_per_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// The server's processor time for one request, microseconds.
    pub(crate) cpu_per_request: f64,
    /// The server's resident memory after the run, megabytes.
    pub(crate) memory: f64,
    pub(crate) failed: u64,
}

impl Running {
    /// Starts Keystead on a data folder.
    pub(crate) fn keystead(data_dir: &Path, port: u16, algorithm: &str) -> Result<Self, String> {
        Self::spawn(&mut Self::command(data_dir, port, algorithm)?, port)
    }

    /// Starts Keystead with another application than the quickstart.
    pub(crate) fn keystead_with(app: &Path, data_dir: &Path, port: u16) -> Result<Self, String> {
        let mut command = Self::command(data_dir, port, "HS256")?;
        command.arg("--app").arg(app);
        Self::spawn(&mut command, port)
    }

    fn command(data_dir: &Path, port: u16, algorithm: &str) -> Result<Command, String> {
        let mut command = Command::new(sibling("keystead")?);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--access-token-algorithm", algorithm]);
        command.args(["--log", "warn", "--login-throttle", "off", "--data-dir"]).arg(data_dir);
        Ok(command)
    }

    /// Starts the ceiling with answers of so many bytes.
    pub(crate) fn ceiling(port: u16, size: usize) -> Result<Self, String> {
        let mut command = Command::new(sibling("keystead-bench")?);
        command.args(["ceiling", &port.to_string(), &size.to_string()]);
        Self::spawn(&mut command, port)
    }

    fn spawn(command: &mut Command, port: u16) -> Result<Self, String> {
        let process = command.stdout(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        let running = Self { process, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > Duration::from_mins(1) {
                return Err("the server did not start".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(running)
    }

    /// Runs wrk for so many seconds, with 64 clients.
    pub(crate) fn measure(&self, kind: &str, records: &Records, seconds: u32) -> Result<Measured, String> {
        self.measure_with(64, kind, records, seconds)
    }

    /// Runs wrk for so many seconds, with so many clients.
    pub(crate) fn measure_with(
        &self,
        clients: u32,
        kind: &str,
        records: &Records,
        seconds: u32,
    ) -> Result<Measured, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("wrk/requests.lua");
        let before = self.cpu_seconds()?;
        let output = Command::new("wrk")
            .args(["-t2", &format!("-c{clients}"), &format!("-d{seconds}s"), "-s"])
            .arg(script)
            .args([&format!("http://127.0.0.1:{}", self.port), "--", kind])
            .arg(&records.file)
            .args([records.length.to_string(), records.count.to_string()])
            .output()
            .map_err(|error| format!("wrk does not run: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let result = result.ok_or_else(|| format!("wrk said: {text}"))?;
        let numbers: Vec<f64> = result.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [requests, microseconds, p50, p99, failed] = numbers[..] else {
            return Err(format!("wrk said: {result}"));
        };
        Ok(Measured {
            requests_per_second: requests / microseconds * 1e6,
            p50: p50 / 1000.0,
            p99: p99 / 1000.0,
            cpu_per_request: (self.cpu_seconds()? - before) / requests * 1e6,
            memory: self.memory()?,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            failed: failed as u64,
        })
    }

    /// Resident memory, megabytes.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        memory(self.process.id(), "VmRSS:")
    }

    /// Memory of each process that the server has started, megabytes: without the program, whose pages all
    /// of them share with the server.
    pub(crate) fn memory_of_children(&self) -> Result<Vec<f64>, String> {
        children(self.process.id())?.into_iter().map(|child| memory(child, "RssAnon:")).collect()
    }

    /// User and system time so far, of the server and of the processes that it has started.
    fn cpu_seconds(&self) -> Result<f64, String> {
        let server = self.process.id();
        let children: Result<f64, String> = children(server)?.into_iter().map(cpu_seconds).sum();
        Ok(cpu_seconds(server)? + children?)
    }
}

fn memory(process: u32, kind: &str) -> Result<f64, String> {
    let status = read(process, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    let kilobytes: f64 =
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    Ok(kilobytes / 1024.0)
}

fn cpu_seconds(process: u32) -> Result<f64, String> {
    let stat = read(process, "stat")?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: Vec<f64> =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    // Linux counts in hundredths of a second for every user program.
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// The processes that any thread of this one has started.
fn children(process: u32) -> Result<Vec<u32>, String> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).map_err(|error| error.to_string())?;
    let mut children = Vec::new();
    for thread in threads.flatten() {
        // A thread may have ended since it was listed.
        let started = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.extend(started.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(children)
}

fn read(process: u32, file: &str) -> Result<String, String> {
    std::fs::read_to_string(format!("/proc/{process}/{file}")).map_err(|error| error.to_string())
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn sibling(name: &str) -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(this.with_file_name(name))
}
