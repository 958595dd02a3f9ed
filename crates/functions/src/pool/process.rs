//! One worker process and the two pipes to it. What is said through them is in `conversation`.

use super::WorkerCommand;
use crate::wire::{self, FromWorker, ToWorker};
use crate::{Failure, Limits};
use std::io;
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A worker process. Dropping it kills it.
pub(super) struct Worker {
    /// Whose functions it runs, for all of its life.
    pub(super) application: String,
    /// The program that it has.
    pub(super) program: Option<[u8; 32]>,
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
    child: Child,
}

impl Worker {
    pub(super) fn start(command: &WorkerCommand, limits: &Limits, application: String) -> io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            // Without these, the C library keeps what one large call used for the small ones after it.
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_TRIM_THRESHOLD_", "1048576")
            .env("MALLOC_MMAP_THRESHOLD_", "1048576")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pipe = || io::Error::other("a worker has no pipes");
        let stdin = child.stdin.take().ok_or_else(pipe)?;
        let stdout = child.stdout.take().ok_or_else(pipe)?;
        let mut outgoing = Outgoing { stdin, buffer: Vec::new(), written: 0 };
        outgoing.queue(&wire::frame(&ToWorker::Setup(limits.clone())));
        let incoming = Incoming { stdout, buffer: Vec::with_capacity(4096) };
        Ok(Self { application, program: None, outgoing, incoming, child })
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn end(mut self) {
        // It fails if the process has ended already, which is what was wanted.
        let _ended = self.child.kill().await;
    }

    /// Why the worker stopped answering.
    pub(super) async fn cause_of_death(&mut self) -> Failure {
        // It may also have closed its output and live on, or said what makes no sense.
        let _killed = self.child.start_kill();
        match self.child.wait().await {
            Ok(status) if ended_by_cpu_limit(status) => Failure::TimeLimit,
            _ => Failure::Crashed,
        }
    }
}

#[cfg(unix)]
fn ended_by_cpu_limit(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn ended_by_cpu_limit(_: std::process::ExitStatus) -> bool {
    false
}

/// What is still to be written to a worker. It is written bit by bit, as the worker may be writing too.
pub(super) struct Outgoing {
    stdin: ChildStdin,
    buffer: Vec<u8>,
    written: usize,
}

impl Outgoing {
    pub(super) fn queue(&mut self, frame: &[u8]) {
        self.buffer.extend_from_slice(frame);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes some of it. Nothing is lost or repeated if the future is dropped.
    pub(super) async fn write_some(&mut self) -> io::Result<()> {
        self.written += self.stdin.write(self.buffer.get(self.written..).unwrap_or_default()).await?;
        if self.written >= self.buffer.len() {
            self.buffer.clear();
            self.written = 0;
        }
        Ok(())
    }
}

/// What a worker says.
pub(super) struct Incoming {
    stdout: ChildStdout,
    buffer: Vec<u8>,
}

impl Incoming {
    /// The next message. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> io::Result<FromWorker> {
        loop {
            if let Some((first, rest)) = self.buffer.split_first_chunk() {
                let length = wire::length(*first)?;
                if let Some(bytes) = rest.get(..length) {
                    let message = serde_json::from_slice(bytes)?;
                    self.buffer.drain(..4 + length);
                    return Ok(message);
                }
            }
            if self.stdout.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
