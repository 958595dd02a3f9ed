//! Values to canonical EJSON, as text of a limited size. The values are hostile: getters and proxies run
//! here, and what they throw goes through.

use super::MAX_DEPTH;
use crate::worker::engine::Trouble;
use rquickjs::function::This;
use rquickjs::object::Filter;
use rquickjs::{Coerced, Ctx, Function, Object, String as JsString, Type, Value};

/// The canonical EJSON of a value, of at most so many bytes.
pub(in crate::worker) fn write<'js>(
    ctx: &Ctx<'js>,
    value: &Value<'js>,
    max_bytes: usize,
) -> Result<String, Trouble> {
    let mut writer = Writer { ctx, out: String::new(), max_bytes, path: Vec::new() };
    writer.value(value)?;
    Ok(writer.out)
}

/// The text of a string. Halves of surrogate pairs, which are no Unicode, become U+FFFD.
pub(in crate::worker) fn text<'js>(ctx: &Ctx<'js>, string: &JsString<'js>) -> rquickjs::Result<String> {
    match string.to_string() {
        Err(rquickjs::Error::Utf8(_)) => {}
        other => return other,
    }
    let strings: Object<'js> = ctx.globals().get("String")?;
    let repair: Function<'js> = strings.get::<_, Object<'js>>("prototype")?.get("toWellFormed")?;
    let repaired: JsString<'js> = repair.call((This(string.clone()),))?;
    repaired.to_string()
}

struct Writer<'a, 'js> {
    ctx: &'a Ctx<'js>,
    out: String,
    max_bytes: usize,
    /// The objects around the one being written.
    path: Vec<Value<'js>>,
}

impl<'js> Writer<'_, 'js> {
    fn value(&mut self, value: &Value<'js>) -> Result<(), Trouble> {
        match value.type_of() {
            Type::Null => self.push("null"),
            Type::Bool => self.push(if value.as_bool() == Some(true) { "true" } else { "false" }),
            Type::Int | Type::Float => {
                let text = number(value.as_number().unwrap_or(f64::NAN));
                self.push(&text)
            }
            Type::String => self.string(value),
            Type::BigInt => {
                let text = value.get::<Coerced<String>>()?.0;
                let long: i64 = text.parse().map_err(|_| said("a BigInt has more than 64 bits"))?;
                self.push(&format!("{{\"$numberLong\":\"{long}\"}}"))
            }
            Type::Array => self.nested(value, Self::array),
            Type::Object | Type::Exception | Type::Proxy | Type::Promise => self.nested(value, Self::object),
            _ => self.push("{\"$undefined\":true}"),
        }
    }

    /// Writes something that has values in it.
    fn nested(
        &mut self,
        value: &Value<'js>,
        write: fn(&mut Self, &Value<'js>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        if self.path.len() >= MAX_DEPTH {
            let cycle = self.path.contains(value);
            let message = if cycle { "the value contains itself" } else { "the value is nested too deep" };
            return Err(said(message));
        }
        self.path.push(value.clone());
        write(self, value)?;
        self.path.pop();
        Ok(())
    }

    fn array(&mut self, value: &Value<'js>) -> Result<(), Trouble> {
        // Arrays can be longer than what `Array` has lengths for.
        let array: Object<'js> = value.get()?;
        let length: Coerced<f64> = array.get("length")?;
        self.push("[")?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths are below 2^32")]
        for index in 0..length.0 as u32 {
            self.separate(index == 0)?;
            self.value(&array.get(index)?)?;
        }
        self.push("]")
    }

    fn object(&mut self, value: &Value<'js>) -> Result<(), Trouble> {
        let object: Object<'js> = value.get()?;
        let kind: Value<'js> = object.get("_bsontype")?;
        if kind.is_string()
            && let Some(convert) = object.get::<_, Value<'js>>("toExtendedJSON")?.into_function()
        {
            let plain: Value<'js> = convert.call((This(object),))?;
            return self.plain(&plain);
        }
        if self.is_a(&object, "Date") {
            return self.date(object);
        }
        if self.is_a(&object, "RegExp") {
            return self.regular_expression(&object);
        }
        if self.is_a(&object, "Uint8Array") {
            let encode: Function<'js> = object.get("toBase64")?;
            let base64: Value<'js> = encode.call((This(object),))?;
            self.push("{\"$binary\":{\"base64\":")?;
            self.plain(&base64)?;
            return self.push(",\"subType\":\"00\"}}");
        }
        self.members(&object, Self::value)
    }

    fn members(
        &mut self,
        object: &Object<'js>,
        write: fn(&mut Self, &Value<'js>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        self.push("{")?;
        let mut first = true;
        for name in object.own_keys::<Value<'js>>(Filter::new().string().enum_only()) {
            let name = name?;
            self.separate(first)?;
            first = false;
            self.string(&name)?;
            self.push(":")?;
            write(self, &object.get(name)?)?;
        }
        self.push("}")
    }

    /// What a class of `BSON` made of a value, which is EJSON already.
    fn plain(&mut self, value: &Value<'js>) -> Result<(), Trouble> {
        match value.type_of() {
            Type::Null => self.push("null"),
            Type::Bool => self.push(if value.as_bool() == Some(true) { "true" } else { "false" }),
            Type::Int => self.push(&value.as_int().unwrap_or_default().to_string()),
            // The halves of a Timestamp are larger than an `Int`.
            Type::Float => match value.as_float() {
                Some(number) if number.fract() == 0.0 => self.push(&number.to_string()),
                _ => Err(said("toExtendedJSON gave what is no EJSON")),
            },
            Type::Object => self.nested(value, |writer, value| {
                let object: Object<'js> = value.get()?;
                writer.members(&object, Self::plain)
            }),
            Type::String => self.string(value),
            _ => Err(said("toExtendedJSON gave what is no EJSON")),
        }
    }

    fn date(&mut self, date: Object<'js>) -> Result<(), Trouble> {
        let get: Function<'js> = date.get("getTime")?;
        let time: f64 = get.call::<_, Coerced<f64>>((This(date),))?.0;
        if !time.is_finite() {
            return Err(said("the value contains an invalid Date"));
        }
        // Dates are whole milliseconds of less than 2^53.
        self.push(&format!("{{\"$date\":{{\"$numberLong\":\"{}\"}}}}", time.trunc()))
    }

    fn regular_expression(&mut self, expression: &Object<'js>) -> Result<(), Trouble> {
        self.push("{\"$regularExpression\":{\"pattern\":")?;
        self.string(&expression.get("source")?)?;
        let flags = expression.get::<_, Coerced<String>>("flags")?.0;
        let kept: String =
            ['i', 'm', 's', 'u', 'x'].into_iter().filter(|flag| flags.contains(*flag)).collect();
        self.push(&format!(",\"options\":\"{kept}\"}}}}"))
    }

    fn is_a(&self, object: &Object<'js>, class: &str) -> bool {
        let class = self.ctx.globals().get::<_, Value<'js>>(class);
        class.is_ok_and(|class| class.is_constructor() && object.is_instance_of(&class))
    }

    fn string(&mut self, value: &Value<'js>) -> Result<(), Trouble> {
        let string: JsString<'js> = value.get()?;
        let text = text(self.ctx, &string)?;
        let quoted = serde_json::to_string(&text).map_err(|error| said(&error.to_string()))?;
        self.push(&quoted)
    }

    fn separate(&mut self, first: bool) -> Result<(), Trouble> {
        if first { Ok(()) } else { self.push(",") }
    }

    fn push(&mut self, text: &str) -> Result<(), Trouble> {
        if self.out.len().saturating_add(text.len()) > self.max_bytes {
            return Err(Trouble::TooLarge);
        }
        self.out.push_str(text);
        Ok(())
    }
}

fn said(message: &str) -> Trouble {
    Trouble::Said(format!("TypeError: {message}"))
}

fn number(number: f64) -> String {
    let integral =
        number.is_finite() && number.fract() == 0.0 && !(number == 0.0 && number.is_sign_negative());
    if integral && number.abs() < 2_f64.powi(31) {
        format!("{{\"$numberInt\":\"{number}\"}}")
    } else if integral && number.abs() < 2_f64.powi(53) {
        format!("{{\"$numberLong\":\"{number}\"}}")
    } else if number.is_infinite() {
        let sign = if number < 0.0 { "-" } else { "" };
        format!("{{\"$numberDouble\":\"{sign}Infinity\"}}")
    } else {
        format!("{{\"$numberDouble\":\"{number:?}\"}}")
    }
}
