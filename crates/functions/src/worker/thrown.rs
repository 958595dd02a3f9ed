//! What a thrown value says, in the words that App Services uses. The value may be hostile: whatever it does
//! when it is looked at, there is a message.

use super::ejson;
use rquickjs::{Coerced, Ctx, Value};

/// Longer messages are cut, in bytes.
const MAX_BYTES: usize = 8 << 10;
const UNSPEAKABLE: &str = "the function threw a value that cannot be shown";

pub(super) fn describe<'js>(ctx: &Ctx<'js>, thrown: &Value<'js>) -> String {
    let message = if thrown.is_object() && !thrown.is_error() {
        let own = to_string(ctx, thrown).filter(|text| text != "[object Object]");
        own.or_else(|| ejson::write(ctx, thrown, MAX_BYTES).ok())
    } else {
        to_string(ctx, thrown)
    };
    // An exception that was thrown by showing the exception is of no interest.
    drop(ctx.catch());
    let mut message = message.map_or_else(|| UNSPEAKABLE.to_owned(), quote_undefined);
    message.truncate(message.floor_char_boundary(MAX_BYTES));
    message
}

fn to_string<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Option<String> {
    if let Some(text) = value.as_string() {
        return ejson::text(ctx, text).ok();
    }
    value.get::<Coerced<String>>().ok().map(|text| text.0)
}

/// `ReferenceError: x is not defined` becomes `ReferenceError: 'x' is not defined`.
fn quote_undefined(message: String) -> String {
    let name = message.strip_prefix("ReferenceError: ").and_then(|rest| rest.strip_suffix(" is not defined"));
    match name {
        Some(name) if !name.contains([' ', '\'']) => format!("ReferenceError: '{name}' is not defined"),
        _ => message,
    }
}
