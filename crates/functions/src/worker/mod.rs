//! What a worker process does: read calls, run each in a fresh engine, write what came of it. Nothing in here
//! waits for more than one thing, so there is no async runtime.

mod confine;
mod console;
mod crypto;
mod ejson;
mod engine;
mod native;
mod realm;
mod signing;
mod thrown;
mod watch;

use crate::wire::{self, FromWorker, ProgramText, ToWorker};
use crate::{Failure, HttpRequest, HttpResponse, Limits};
use std::io::{self, StdinLock, StdoutLock, Write as _};
use std::process::ExitCode;
use std::rc::Rc;

/// Native code runs on the same stack as the engine and is not counted by it.
const NATIVE_STACK_BYTES: usize = 1 << 20;

/// The main function of a worker process. It ends when its input does.
///
/// It takes over standard input and output, and limits what the process can do, for good.
pub fn worker() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn start() -> io::Result<()> {
    confine::privileges()?;
    let Some(ToWorker::Setup(limits)) = wire::read(&mut io::stdin().lock())? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    // The stack of the main thread has the size that whoever started the server happened to have set.
    let stack = limits.stack_bytes.saturating_add(NATIVE_STACK_BYTES);
    let thread = std::thread::Builder::new().stack_size(stack).spawn(move || serve(&limits))?;
    thread.join().unwrap_or_else(|_panicked| Err(io::Error::other("the worker panicked")))
}

fn serve(limits: &Limits) -> io::Result<()> {
    confine::for_good(limits)?;
    let pipes = Rc::new(Pipes::default());
    let mut program = Rc::new(ProgramText::default());
    while let Some(message) = Pipes::read()? {
        match message {
            ToWorker::Program(text) => program = Rc::new(text),
            ToWorker::Call(call) => {
                confine::cpu_time(limits)?;
                Pipes::write(&engine::run(&program, call, limits, &pipes))?;
            }
            // An answer that came after the function had ended.
            ToWorker::Http { .. } => {}
            ToWorker::Setup(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

/// The way to the parent, through standard input and output.
#[derive(Default)]
struct Pipes {
    /// How many requests were sent.
    requests: std::cell::Cell<u64>,
}

impl Pipes {
    fn read() -> io::Result<Option<ToWorker>> {
        let mut input: StdinLock<'_> = io::stdin().lock();
        wire::read(&mut input)
    }

    fn write(frame: &[u8]) -> io::Result<()> {
        let mut output: StdoutLock<'_> = io::stdout().lock();
        output.write_all(frame)?;
        output.flush()
    }

    /// Asks the parent to send a request. The number is never used again, so that its answer cannot be taken
    /// for that of a later call's request.
    fn request(&self, request: HttpRequest) -> io::Result<u64> {
        let id = self.requests.get();
        self.requests.set(id.wrapping_add(1));
        Self::write(&wire::frame(&FromWorker::Http { id, request }))?;
        Ok(id)
    }

    /// Waits for the answer to any of the requests.
    fn response() -> io::Result<(u64, Result<HttpResponse, String>)> {
        match Self::read()? {
            Some(ToWorker::Http { id, response }) => Ok((id, response)),
            // The parent gave the call up.
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The frame of a failure.
fn failed(failure: Failure) -> Vec<u8> {
    wire::frame(&FromWorker::Failed(failure))
}
