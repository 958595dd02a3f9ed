//! JavaScript values as the core's JSON: read in place, never copied into the WebAssembly memory.

use keystead_client_core::Json;
use wasm_bindgen::prelude::*;

/// `../js/json.js`. Written out, and not js-sys, because that can throw and has to be caught.
#[wasm_bindgen(module = "/js/json.js")]
extern "C" {
    #[wasm_bindgen(js_namespace = Json)]
    fn parse(text: &str) -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn decode(text: &str) -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn stringify(value: &JsValue) -> String;
    #[wasm_bindgen(js_namespace = Json)]
    fn get(value: &JsValue, name: &str) -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn copy(object: &JsValue) -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn set(object: &JsValue, name: &str, value: &JsValue);
    #[wasm_bindgen(js_namespace = Json)]
    fn names(value: &JsValue) -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn list() -> JsValue;
    #[wasm_bindgen(js_namespace = Json)]
    fn push(array: &JsValue, value: &JsValue);
    #[wasm_bindgen(js_namespace = Json)]
    fn length(value: &JsValue) -> i32;
    #[wasm_bindgen(js_namespace = Json, js_name = get)]
    fn at(array: &JsValue, index: i32) -> JsValue;
}

/// A value that came from JSON or goes into it.
#[derive(Clone)]
pub(crate) struct Value(pub(crate) JsValue);

impl Value {
    fn unless_undefined(value: JsValue) -> Option<Self> {
        (!value.is_undefined()).then_some(Self(value))
    }
}

impl Json for Value {
    fn parse(text: &str) -> Option<Self> {
        Self::unless_undefined(parse(text))
    }

    fn from_base64url(text: &str) -> Option<Self> {
        Self::unless_undefined(decode(text))
    }

    fn to_text(&self) -> String {
        stringify(&self.0)
    }

    fn null() -> Self {
        Self(JsValue::NULL)
    }

    fn is_null(&self) -> bool {
        self.0.is_null() || self.0.is_undefined()
    }

    fn text(text: &str) -> Self {
        Self(JsValue::from_str(text))
    }

    fn list(items: Vec<Self>) -> Self {
        let array = list();
        for item in &items {
            push(&array, &item.0);
        }
        Self(array)
    }

    fn object(members: &[(&str, Self)]) -> Self {
        let object = copy(&JsValue::NULL);
        for (name, value) in members {
            set(&object, name, &value.0);
        }
        Self(object)
    }

    fn with(&self, name: &str, value: Self) -> Self {
        let copy = copy(&self.0);
        set(&copy, name, &value.0);
        Self(copy)
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn get(&self, name: &str) -> Self {
        Self(get(&self.0, name))
    }

    fn items(&self) -> Option<Vec<Self>> {
        let length = length(&self.0);
        let mut items = Vec::new();
        for index in 0..length {
            items.push(Self(at(&self.0, index)));
        }
        (length >= 0).then_some(items)
    }

    fn members(&self) -> Option<Vec<(String, Self)>> {
        let names = Self(names(&self.0)).items()?;
        let mut members = Vec::new();
        for name in names.iter().filter_map(Self::as_text) {
            let value = self.get(&name);
            members.push((name, value));
        }
        Some(members)
    }
}
