//! The core's JSON value, natively: `serde_json::Value` in a coat, because both the trait and the type
//! are somebody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystead_client_core::Json;

#[derive(Clone, Debug)]
pub(crate) struct Value(pub(crate) serde_json::Value);

impl Json for Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    fn from_base64url(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&bytes).ok().map(Self)
    }

    fn to_text(&self) -> String {
        self.0.to_string()
    }

    fn null() -> Self {
        Self(serde_json::Value::Null)
    }

    fn text(text: &str) -> Self {
        Self(text.into())
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }

    fn list(items: Vec<Self>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }

    fn object(members: &[(&str, Self)]) -> Self {
        Self(members.iter().map(|(name, value)| ((*name).to_owned(), value.0.clone())).collect())
    }

    fn with(&self, name: &str, value: Self) -> Self {
        let mut object = self.clone();
        if let serde_json::Value::Object(members) = &mut object.0 {
            members.insert(name.to_owned(), value.0);
        }
        object
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_str().map(Into::into)
    }

    fn get(&self, name: &str) -> Self {
        Self(self.0.get(name).cloned().unwrap_or_default())
    }

    fn items(&self) -> Option<Vec<Self>> {
        self.0.as_array().map(|items| items.iter().cloned().map(Self).collect())
    }

    fn members(&self) -> Option<Vec<(String, Self)>> {
        let members = self.0.as_object()?;
        Some(members.iter().map(|(name, value)| (name.clone(), Self(value.clone()))).collect())
    }
}
