//! One call in one engine: a fresh runtime, the function, its promise, its result. What the function finds
//! in its world is in `realm`.

use super::console::Logs;
use super::realm::{self, Shared};
use super::watch::Watch;
use super::{Pipes, ejson, failed, thrown};
use crate::wire::{self, CallText, ProgramText};
use crate::{Failure, Limits, LogLine};
use rquickjs::context::intrinsic;
use rquickjs::function::Args;
use rquickjs::{Context, Ctx, Exception, Promise, Runtime, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Everything of the language, without `performance` and its fine clock.
type Language = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::WeakRef,
);

/// Why there is no result.
pub(super) enum Trouble {
    /// An exception is pending in the engine, or its own bookkeeping failed.
    Engine(rquickjs::Error),
    /// What the caller shall be told.
    Said(String),
    TooLarge,
}

impl From<rquickjs::Error> for Trouble {
    fn from(error: rquickjs::Error) -> Self {
        Self::Engine(error)
    }
}

/// Runs a call and gives the message for the parent.
pub(super) fn run(program: &Rc<ProgramText>, call: CallText, limits: &Limits, pipes: &Rc<Pipes>) -> Vec<u8> {
    let watch = Rc::new(Watch::start(call.wall, limits.cpu));
    let Ok(runtime) = Runtime::new() else { return failed(Failure::MemoryLimit) };
    runtime.set_memory_limit(limits.memory_bytes);
    runtime.set_max_stack_size(limits.stack_bytes);
    let interrupt = Rc::clone(&watch);
    runtime.set_interrupt_handler(Some(Box::new(move || interrupt.look())));
    let Ok(context) = Context::custom::<Language>(&runtime) else { return failed(Failure::MemoryLimit) };
    let shared = Rc::new(Shared {
        program: Rc::clone(program),
        call,
        call_depth: limits.call_depth,
        output_bytes: limits.output_bytes,
        pipes: Rc::clone(pipes),
        logs: Logs::default(),
        open_requests: Cell::new(0),
        native: RefCell::new(None),
    });
    let result = context.with(|ctx| {
        let result = answer(&ctx, &shared, &watch).map_err(|trouble| failure(&ctx, trouble));
        // What native code holds on to, the engine's garbage collection does not see.
        drop(shared.native.take());
        result
    });
    // Both go now and not after the answer: should that crash, it is this call's crash and not the next one's.
    drop(context);
    drop(runtime);
    let logs = shared.logs.take();
    match result {
        // Interrupting is an exception like others to native code, so whatever came of it means nothing.
        _ if watch.expired() => failed(Failure::TimeLimit),
        Ok(value) => done(&value, &logs),
        Err(Failure::Threw { message, .. }) => failed(Failure::Threw { message, logs }),
        Err(failure) => failed(failure),
    }
}

/// Like [`wire::frame`] of `Done`, with a value that is text already.
fn done(value: &str, logs: &[LogLine]) -> Vec<u8> {
    let logs = serde_json::to_string(logs).unwrap_or_else(|_| "[]".into());
    wire::seal(format!("\0\0\0\0{{\"Done\":{{\"value\":{value},\"logs\":{logs}}}}}").into_bytes())
}

/// The result as canonical EJSON.
fn answer(ctx: &Ctx<'_>, shared: &Rc<Shared>, watch: &Watch) -> Result<String, Trouble> {
    realm::furnish(ctx, shared)?;
    let call = &shared.call;
    let arguments =
        ejson::parse(ctx, shared, &call.arguments)?.into_array().ok_or(rquickjs::Error::Unknown)?;
    let function = realm::function(ctx, shared, &call.function, 1, call.running_as_system)?;
    let mut passed = Args::new(ctx.clone(), arguments.len());
    for argument in arguments.iter::<Value<'_>>() {
        passed.push_arg(argument?)?;
    }
    let returned = function.call_arg(passed)?;
    let value = settle(ctx, shared, watch, returned)?;
    ejson::write(ctx, &value, shared.output_bytes)
}

/// What a promise comes to; anything else is itself.
fn settle<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    watch: &Watch,
    returned: Value<'js>,
) -> Result<Value<'js>, Trouble> {
    let Some(promise) = promised(ctx, &returned)? else { return Ok(returned) };
    for turn in 1_u64.. {
        if let Some(result) = promise.result() {
            return Ok(result?);
        }
        // An endless chain of short jobs may never be interrupted; looking at the clocks costs more than a job.
        if turn % 64 == 0 && watch.look() {
            break;
        }
        if !ctx.execute_pending_job() && !realm::await_response(ctx, shared)? {
            return Err(Trouble::Said("the function's promise never settles".into()));
        }
        if watch.expired() {
            break;
        }
    }
    Ok(returned)
}

/// The promise in a value, if `await` would wait for it.
fn promised<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Option<Promise<'js>>, Trouble> {
    if let Some(promise) = value.as_promise() {
        return Ok(Some(promise.clone()));
    }
    let Some(object) = value.as_object() else { return Ok(None) };
    if !object.get::<_, Value<'_>>("then")?.is_function() {
        return Ok(None);
    }
    let (promise, resolve, _reject) = ctx.promise()?;
    resolve.call::<_, ()>((value.clone(),))?;
    Ok(Some(promise))
}

fn failure(ctx: &Ctx<'_>, trouble: Trouble) -> Failure {
    let message = match trouble {
        Trouble::Said(message) => message,
        Trouble::TooLarge => return Failure::OutputTooLarge,
        Trouble::Engine(rquickjs::Error::Exception) => {
            let thrown = ctx.catch();
            if is_out_of_memory(&thrown) {
                return Failure::MemoryLimit;
            }
            thrown::describe(ctx, &thrown)
        }
        Trouble::Engine(rquickjs::Error::Allocation) => return Failure::MemoryLimit,
        Trouble::Engine(error) => format!("Error: {error}"),
    };
    Failure::Threw { message, logs: Vec::new() }
}

/// Whether the engine threw this for want of memory. If there was not even enough left for the error, it
/// throws `null`, and we cannot tell that from a function that does.
fn is_out_of_memory(thrown: &Value<'_>) -> bool {
    let said = |error: &Exception<'_>| error.message().is_some_and(|message| message == "out of memory");
    thrown.is_null() || thrown.as_exception().is_some_and(said)
}
