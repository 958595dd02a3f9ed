//! The native functions that the prelude is built on. Programs do not see them.

use super::realm::{self, Shared};
use super::{crypto, ejson};
use crate::wire::MAX_REQUESTS;
use crate::{HttpRequest, LogLevel};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rquickjs::{Ctx, Exception, Function, Object, Value};
use std::rc::Rc;

/// Makes the object that has them all.
pub(super) fn functions<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    add(&native, "module", shared, |ctx, shared, name: String| realm::module(&ctx, shared, &name))?;
    add(&native, "fact", shared, |ctx, shared, name: String| realm::fact(&ctx, shared, &name))?;
    add(&native, "parse", shared, |ctx, shared, text: String| {
        ejson::parse(&ctx, shared, &text).map_err(|trouble| realm::raise(&ctx, trouble))
    })?;
    add(&native, "value", shared, |ctx, shared, name: String| match shared.program.values.get(&name) {
        Some(text) => ejson::parse(&ctx, shared, text).map_err(|trouble| realm::raise(&ctx, trouble)),
        None => Ok(Value::new_undefined(ctx)),
    })?;
    add(&native, "stringify", shared, |ctx, shared, value: Value<'js>| {
        let limit = shared.output_bytes;
        ejson::write(&ctx, &value, limit).map_err(|trouble| realm::raise(&ctx, trouble))
    })?;
    add(&native, "request", shared, |ctx, shared, text: String| request(&ctx, shared, &text))?;
    let own = Rc::clone(shared);
    let execute = move |ctx: Ctx<'js>, depth: u32, name: String, as_system: bool, rest: Vec<Value<'js>>| {
        realm::execute(&ctx, &own, (depth, &name, as_system), rest)
    };
    native.set("execute", Function::new(ctx.clone(), execute)?)?;
    let own = Rc::clone(shared);
    let exports = move |ctx: Ctx<'js>, name: String, depth: u32, as_system: bool| {
        realm::exports(&ctx, &own, &name, depth, as_system).map_err(|trouble| realm::raise(&ctx, trouble))
    };
    native.set("exports", Function::new(ctx.clone(), exports)?)?;
    add(&native, "has", shared, |_, shared, name: String| Ok(shared.program.functions.contains_key(&name)))?;
    let own = Rc::clone(shared);
    let log = move |level: String, text: String| own.logs.write(log_level(&level), text);
    native.set("log", Function::new(ctx.clone(), log)?)?;
    add(&native, "encode", shared, |_, _, text: String| Ok(STANDARD.encode(text)))?;
    add(&native, "decode", shared, |ctx, _, base64: String| {
        let bytes = STANDARD.decode(base64).map_err(|_| Exception::throw_type(&ctx, "this is no base64"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })?;
    native.set("random", Function::new(ctx.clone(), crypto::random)?)?;
    native.set("crypto", Function::new(ctx.clone(), |ctx: Ctx<'js>| crypto::functions(&ctx))?)?;
    Ok(native)
}

/// Adds a function of one argument.
fn add<'js, A, R>(
    native: &Object<'js>,
    name: &str,
    shared: &Rc<Shared>,
    function: impl Fn(Ctx<'js>, &Rc<Shared>, A) -> rquickjs::Result<R> + 'js,
) -> rquickjs::Result<()>
where
    A: rquickjs::FromJs<'js> + 'js,
    R: rquickjs::IntoJs<'js> + 'js,
{
    let own = Rc::clone(shared);
    let closure = move |ctx: Ctx<'js>, argument: A| function(ctx, &own, argument);
    native.set(name, Function::new(native.ctx().clone(), closure)?)
}

/// Sends a request and gives its number.
fn request(ctx: &Ctx<'_>, shared: &Rc<Shared>, text: &str) -> rquickjs::Result<u64> {
    let open = shared.open_requests.get();
    if open >= MAX_REQUESTS {
        return Err(Exception::throw_message(ctx, "too many requests are open at once"));
    }
    let request: HttpRequest = serde_json::from_str(text)
        .map_err(|error| Exception::throw_type(ctx, &format!("this is no request: {error}")))?;
    let id = shared.pipes.request(request)?;
    shared.open_requests.set(open + 1);
    Ok(id)
}

fn log_level(name: &str) -> LogLevel {
    match name {
        "debug" => LogLevel::Debug,
        "warn" => LogLevel::Warn,
        "error" => LogLevel::Error,
        _ => LogLevel::Info,
    }
}
