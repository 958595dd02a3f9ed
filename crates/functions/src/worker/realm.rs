//! The world that a function finds itself in: its globals, its module scope, other functions. The parts
//! written in JavaScript are in `prelude/` and compiled when a function first asks for them.

use super::console::Logs;
use super::engine::Trouble;
use super::{Pipes, ejson, native};
use crate::wire::{self, CallText, ProgramText};
use rquickjs::context::EvalOptions;
use rquickjs::object::Accessor;
use rquickjs::{Ctx, Exception, Function, Object, Persistent, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What native functions of one call share.
pub(super) struct Shared {
    pub(super) program: Rc<ProgramText>,
    pub(super) call: CallText,
    pub(super) call_depth: u32,
    pub(super) output_bytes: usize,
    pub(super) pipes: Rc<Pipes>,
    pub(super) logs: Logs,
    pub(super) open_requests: Cell<usize>,
    /// The functions that the prelude has and the program has not, once they are needed.
    pub(super) native: RefCell<Option<Persistent<Object<'static>>>>,
}

const PRELUDE: [(&str, &str); 11] = [
    ("console", include_str!("prelude/console.js")),
    ("EJSON", include_str!("prelude/ejson.js")),
    ("BSON", include_str!("prelude/bson.js")),
    ("bson_binary", include_str!("prelude/bson_binary.js")),
    ("bson_number", include_str!("prelude/bson_number.js")),
    ("bson_object_id", include_str!("prelude/bson_object_id.js")),
    ("bson_other", include_str!("prelude/bson_other.js")),
    ("utils", include_str!("prelude/utils.js")),
    ("context", include_str!("prelude/context.js")),
    ("http", include_str!("prelude/http.js")),
    ("require", include_str!("prelude/require.js")),
];

/// Adds the globals.
pub(super) fn furnish<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    for name in ["console", "EJSON", "BSON", "utils"] {
        let shared = Rc::clone(shared);
        let get = move |ctx: Ctx<'js>| module(&ctx, &shared, name);
        globals.prop(name, Accessor::new_get(get).configurable())?;
    }
    Ok(())
}

/// A part of the prelude, the same whenever it is asked for.
pub(super) fn module<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>, name: &str) -> rquickjs::Result<Value<'js>> {
    let native = native(ctx, shared)?;
    let key = format!("module {name}");
    let known: Value<'js> = native.get(key.as_str())?;
    if !known.is_undefined() {
        return Ok(known);
    }
    let source = PRELUDE.iter().find(|(part, _)| *part == name).map_or("", |(_, source)| source);
    let make: Function<'js> = ctx.eval_with_options(source, options(name, true))?;
    let part: Value<'js> = make.call((native.clone(),))?;
    native.set(key, part.clone())?;
    Ok(part)
}

/// The native functions.
fn native<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> rquickjs::Result<Object<'js>> {
    if let Some(native) = shared.native.borrow().clone() {
        return native.restore(ctx);
    }
    let native = native::functions(ctx, shared)?;
    *shared.native.borrow_mut() = Some(Persistent::save(ctx, native.clone()));
    Ok(native)
}

/// The function that a source exports, in a scope of its own.
pub(super) fn function<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    name: &str,
    depth: u32,
    as_system: bool,
) -> Result<Function<'js>, Trouble> {
    let exported = exports(ctx, shared, name, depth, as_system)?;
    exported
        .into_function()
        .ok_or_else(|| Trouble::Said(format!("the function '{name}' does not assign a function to exports")))
}

/// What a source exports.
pub(super) fn exports<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    name: &str,
    depth: u32,
    as_system: bool,
) -> Result<Value<'js>, Trouble> {
    let Some(function) = shared.program.functions.get(name) else {
        return Err(Trouble::Said(format!("function not found: '{name}'")));
    };
    let source = &function.source;
    let as_system = as_system || function.run_as_system;
    // A function on the same line keeps the line numbers; it also gives each source its own `exports`.
    let wrapped = format!(
        "(function (exports, module, require, context) {{{source}\nreturn [exports, module.exports];\n}})"
    );
    let scope: Function<'js> = ctx.eval_with_options(wrapped, options(name, false))?;
    // Most functions are small and need neither, and making them costs more than running such a function.
    let undefined = || Value::new_undefined(ctx.clone());
    let require = if source.contains("require") {
        let make: Function<'js> = module(ctx, shared, "require")?.get()?;
        make.call((name, depth, as_system))?
    } else {
        undefined()
    };
    let context = if source.contains("context") {
        let make: Function<'js> = module(ctx, shared, "context")?.get()?;
        make.call((depth, as_system))?
    } else {
        undefined()
    };
    let initial = Object::new(ctx.clone())?;
    let module = Object::new(ctx.clone())?;
    module.set("exports", initial.clone())?;
    let (exports, replaced): (Value<'js>, Value<'js>) = {
        let both: rquickjs::Array<'js> = scope.call((initial.clone(), module, require, context))?;
        (both.get(0)?, both.get(1)?)
    };
    Ok(if replaced == initial.into_value() { exports } else { replaced })
}

/// `context.functions.execute`.
pub(super) fn execute<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    (depth, name, as_system): (u32, &str, bool),
    arguments: Vec<Value<'js>>,
) -> rquickjs::Result<Value<'js>> {
    if depth > shared.call_depth {
        let message = format!("functions executed each other more than {} deep", shared.call_depth);
        return Err(Exception::throw_message(ctx, &message));
    }
    let function = function(ctx, shared, name, depth, as_system).map_err(|trouble| raise(ctx, trouble))?;
    function.call((rquickjs::function::Rest(arguments),))
}

/// Makes an exception of what is none yet.
pub(super) fn raise(ctx: &Ctx<'_>, trouble: Trouble) -> rquickjs::Error {
    match trouble {
        Trouble::Engine(error) => error,
        Trouble::Said(message) => Exception::throw_message(ctx, &message),
        Trouble::TooLarge => Exception::throw_range(ctx, "the value is too large"),
    }
}

/// Waits for an answer to a request and settles its promise. `false` if nothing is open.
pub(super) fn await_response(ctx: &Ctx<'_>, shared: &Rc<Shared>) -> Result<bool, Trouble> {
    let open = shared.open_requests.get();
    if open == 0 {
        return Ok(false);
    }
    let gone = |error: std::io::Error| Trouble::Said(error.to_string());
    let (id, response) = Pipes::response().map_err(gone)?;
    let settle: Option<Function<'_>> = native(ctx, shared)?.get("settle")?;
    let text = wire::response_text(&response);
    // The answer to a request of an earlier call settles nothing here.
    if let Some(settle) = settle
        && settle.call::<_, bool>((id, response.is_ok(), text))?
    {
        shared.open_requests.set(open - 1);
    }
    Ok(true)
}

fn options(name: &str, strict: bool) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = strict;
    options.filename = Some(format!("{name}.js"));
    options
}

/// For `native`: something that a prelude asked for by name.
pub(super) fn fact<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>, name: &str) -> rquickjs::Result<Value<'js>> {
    let text = match name {
        "user" => shared.call.user.as_deref(),
        "request" => Some(shared.call.request.as_str()),
        "app" => Some(shared.program.app.as_str()),
        "environment" => Some(shared.program.environment.as_str()),
        _ => None,
    };
    match text {
        Some(text) => ejson::parse(ctx, shared, text).map_err(|trouble| raise(ctx, trouble)),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}
