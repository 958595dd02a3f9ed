//! EJSON to values: numbers become ordinary numbers, dates `Date`, and the rest what `BSON` has for it. An
//! object with a `$` name that is no EJSON is an ordinary object.

use crate::worker::engine::Trouble;
use crate::worker::realm::{self, Shared};
use rquickjs::function::{Constructor, This};
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Function, Object, String as JsString, Value};
use serde_json::{Map, Value as Json};
use std::rc::Rc;

/// The value that an EJSON text means.
pub(in crate::worker) fn parse<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    text: &str,
) -> Result<Value<'js>, Trouble> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| Trouble::Said(format!("SyntaxError: {error}")))?;
    Ok(Reader { ctx, shared }.value(&json)?)
}

struct Reader<'a, 'js> {
    ctx: &'a Ctx<'js>,
    shared: &'a Rc<Shared>,
}

impl<'js> Reader<'_, 'js> {
    // The depth is limited by the JSON parser.
    fn value(&self, json: &Json) -> rquickjs::Result<Value<'js>> {
        let ctx = self.ctx.clone();
        Ok(match json {
            Json::Null => Value::new_null(ctx),
            Json::Bool(value) => Value::new_bool(ctx, *value),
            Json::Number(number) => js_number(ctx, number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => JsString::from_str(ctx, text)?.into_value(),
            Json::Array(items) => {
                let array = Array::new(ctx)?;
                for (index, item) in items.iter().enumerate() {
                    array.set(index, self.value(item)?)?;
                }
                array.into_value()
            }
            Json::Object(map) => match self.special(map)? {
                Some(value) => value,
                None => self.object(map)?,
            },
        })
    }

    fn object(&self, map: &Map<String, Json>) -> rquickjs::Result<Value<'js>> {
        let object = Object::new(self.ctx.clone())?;
        for (name, json) in map {
            let value = self.value(json)?;
            if name == "__proto__" {
                // Setting it would set the prototype.
                object.prop(name.as_str(), Property::from(value).writable().enumerable().configurable())?;
            } else {
                object.set(name.as_str(), value)?;
            }
        }
        Ok(object.into_value())
    }

    /// What an object with names like `$oid` means, if it means anything.
    fn special(&self, map: &Map<String, Json>) -> rquickjs::Result<Option<Value<'js>>> {
        let Some((name, json)) = map.iter().next().filter(|(name, _)| name.starts_with('$')) else {
            return Ok(None);
        };
        if map.len() != 1 {
            return Ok(None);
        }
        let ctx = self.ctx.clone();
        let text = json.as_str();
        Ok(match (name.as_str(), text) {
            ("$numberInt" | "$numberDouble", Some(text)) => number(text).map(|number| js_number(ctx, number)),
            ("$numberLong", Some(text)) => match text.parse::<i64>() {
                Ok(long) if is_safe(long) => Some(Value::new_number(ctx, as_number(long))),
                Ok(_) => Some(self.bson("Long", json)?),
                Err(_) => None,
            },
            ("$undefined", _) if json == &Json::Bool(true) => Some(Value::new_undefined(ctx)),
            ("$date", _) => match milliseconds(json) {
                Some(time) => Some(self.date(Value::new_number(ctx, time))?),
                None if text.is_some() => Some(self.date(self.value(json)?)?),
                None => None,
            },
            ("$oid", Some(text)) if text.len() == 24 && is_hex(text) => Some(self.bson("ObjectId", json)?),
            ("$uuid", Some(text)) if is_hex(&text.replace('-', "")) => Some(self.bson("UUID", json)?),
            ("$numberDecimal", Some(_)) => Some(self.bson("Decimal128", json)?),
            ("$binary", None) if is_binary(json) => Some(self.bson("Binary", json)?),
            ("$regularExpression", None) if has(json, "pattern") => Some(self.bson("BSONRegExp", json)?),
            ("$timestamp", None) if json.is_object() => Some(self.bson("Timestamp", json)?),
            ("$minKey", None) => Some(self.bson("MinKey", json)?),
            ("$maxKey", None) => Some(self.bson("MaxKey", json)?),
            _ => None,
        })
    }

    fn date(&self, time: Value<'js>) -> rquickjs::Result<Value<'js>> {
        let date: Constructor<'js> = self.ctx.globals().get("Date")?;
        date.construct((time,))
    }

    /// Lets a class of `BSON` make a value of what stands in the EJSON.
    fn bson(&self, class: &str, json: &Json) -> rquickjs::Result<Value<'js>> {
        let bson: Object<'js> = realm::module(self.ctx, self.shared, "BSON")?.get()?;
        let revive: Function<'js> = bson.get::<_, Object<'js>>(class)?.get("fromExtendedJSON")?;
        let plain = match json {
            Json::Object(map) => self.object(map)?,
            other => self.value(other)?,
        };
        revive.call((This(bson), plain))
    }
}

/// The engine's own conversion makes 0 of -0.
fn js_number(ctx: Ctx<'_>, number: f64) -> Value<'_> {
    if number == 0.0 && number.is_sign_negative() {
        return Value::new_float(ctx, number);
    }
    Value::new_number(ctx, number)
}

fn number(text: &str) -> Option<f64> {
    match text {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

fn milliseconds(json: &Json) -> Option<f64> {
    let map = json.as_object()?;
    let text = map.get("$numberLong")?.as_str()?;
    text.parse::<i64>().ok().map(as_number)
}

const fn is_safe(long: i64) -> bool {
    long.unsigned_abs() < 1 << 53
}

#[allow(clippy::cast_precision_loss, reason = "what JavaScript does with it; larger ones stay Long")]
const fn as_number(long: i64) -> f64 {
    long as f64
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_binary(json: &Json) -> bool {
    has(json, "base64") && has(json, "subType")
}

fn has(json: &Json, name: &str) -> bool {
    json.get(name).is_some_and(Json::is_string)
}
