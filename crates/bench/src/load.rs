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
        let binary = sibling("keystead")?;
        let mut command = Command::new(binary);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--access-token-algorithm", algorithm]);
        command.args(["--log", "warn", "--login-throttle", "off", "--data-dir"]).arg(data_dir);
        Self::spawn(&mut command, port)
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

    /// Runs wrk for so many seconds.
    pub(crate) fn measure(&self, kind: &str, records: &Records, seconds: u32) -> Result<Measured, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("wrk/requests.lua");
        let before = self.cpu_seconds()?;
        let output = Command::new("wrk")
            .args(["-t2", "-c64", &format!("-d{seconds}s"), "-s"])
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
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: f64 =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
        Ok(kilobytes / 1024.0)
    }

    /// User and system time so far.
    fn cpu_seconds(&self) -> Result<f64, String> {
        let stat = self.read("stat")?;
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: Vec<f64> =
            after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        // Linux counts in hundredths of a second for every user program.
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }

    fn read(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.process.id());
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
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
