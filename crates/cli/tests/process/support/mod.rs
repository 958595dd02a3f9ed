//! Keystead as a process, and what it takes to watch one.

pub mod api;
pub mod smtp_server;

use serde_json::Value;
use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Far longer than anything takes, so that only a hang fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// Polls until `probe` finds something.
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How Keystead is to be run: in a working directory of its own, with nothing of the caller's
/// settings.
pub struct Invocation {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Invocation {
    pub fn new(working_dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
        command.current_dir(working_dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KEYSTEAD_") {
                command.env_remove(name);
            }
        }
        // Nor of the files that the caller's settings may be in.
        command.env("HOME", working_dir).env("XDG_CONFIG_HOME", working_dir.join("config"));
        Self { command, input: None }
    }

    /// `serve` on a free port, with its data in `data` below the working directory. No throttling.
    pub fn serve(working_dir: &Path) -> Self {
        Self::new(working_dir)
            .args(["serve"])
            .env("KEYSTEAD_DATA_DIR", "data")
            .env("KEYSTEAD_LOGIN_THROTTLE", "off")
            .env("KEYSTEAD_LISTEN", "127.0.0.1:0")
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// What it reads on its standard input.
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(text.into());
        self
    }

    pub fn start(mut self) -> Process {
        let mut child = self.command.spawn().unwrap();
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), self.input) {
            // A program that ends without reading it all closes the pipe.
            std::thread::spawn(move || stdin.write_all(&input));
        }
        let stdout = Captured::of(child.stdout.take().unwrap());
        let stderr = Captured::of(child.stderr.take().unwrap());
        Process { child: KilledOnDrop(child), stdout, stderr, url: String::new() }
    }

    /// Starts a server and waits until it is ready.
    pub fn start_ready(self) -> Process {
        let mut process = self.start();
        let serving = process.wait_for_log("serving");
        process.url = format!("http://{}", serving["address"].as_str().unwrap());
        process
    }

    /// Runs to the end.
    pub fn run(self) -> Ended {
        self.start().wait()
    }
}

/// What a stream brought so far, read in the background so that the process never has to wait.
struct Captured {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Captured {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 8 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                writer.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    fn whole(self) -> String {
        self.reader.join().unwrap();
        String::from_utf8(std::mem::take(&mut *self.text.lock().unwrap())).unwrap()
    }
}

/// A running process. A test that fails leaves none behind.
pub struct Process {
    child: KilledOnDrop,
    stdout: Captured,
    stderr: Captured,
    /// Where it serves, if it does.
    pub url: String,
}

struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Both fail for a process that has ended, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that has ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    pub fn is_running(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_none()
    }

    /// Waits for a line of the log with this message.
    pub fn wait_for_log(&mut self, message: &str) -> Value {
        self.wait_for_line(message, |line| line["message"] == message)
    }

    pub fn wait_for_line(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        eventually(&format!("the log line {what:?}"), || {
            let running = self.is_running();
            let text = self.stderr.so_far();
            let found = complete_lines(&text).find(|line| wanted(line));
            assert!(found.is_some() || running, "the process has ended: {text}");
            found
        })
    }

    pub fn log(&self) -> Vec<Value> {
        complete_lines(&self.stderr.so_far()).collect()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.0.id());
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
    }

    /// The ids of the processes that it has started.
    pub fn children(&self) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.0.id())).unwrap();
        let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children"));
        let started = threads.flatten().map(of).filter_map(Result::ok);
        started.flat_map(|ids| ids.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    pub fn wait(mut self) -> Ended {
        let status = eventually("the end of the process", || self.child.0.try_wait().unwrap());
        Ended { status, stdout: self.stdout.whole(), stderr: self.stderr.whole() }
    }

    /// Stops in good order, which must succeed.
    pub fn stop(self) -> Ended {
        self.signal("TERM");
        let ended = self.wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        ended
    }

    /// Ends it without any notice, and whatever it was doing with it.
    pub fn kill(mut self) -> Ended {
        self.child.0.kill().unwrap();
        self.wait()
    }
}

/// The log so far. The last line may still be on its way.
fn complete_lines(text: &str) -> impl Iterator<Item = Value> {
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
}

/// Hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
