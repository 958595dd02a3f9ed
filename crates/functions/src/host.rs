//! What a function may ask of the process that called it. Sending the requests is up to the implementor.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Does for functions what their own process cannot do.
#[async_trait]
pub trait Host: Send + Sync {
    /// Sends a request of `context.http`. The function gets the `Err` as the message of an error.
    ///
    /// It is dropped unfinished if the call ends before it, and it costs the call's wall time.
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, String>;
}

/// A request that a function wants to be sent.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct HttpRequest {
    /// In upper case: GET, POST, PUT, PATCH, DELETE or HEAD.
    pub method: String,
    /// As the function gave it, so neither checked nor trusted.
    pub url: String,
    /// Each name with its values.
    pub headers: BTreeMap<String, Vec<String>>,
    /// The body, if there is one.
    #[serde(with = "base64_option")]
    pub body: Option<Vec<u8>>,
    /// Whether redirects are to be followed.
    pub follow_redirects: bool,
}

/// The answer to a request.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code, like 404.
    pub status_code: u16,
    /// The status as text, like `404 Not Found`.
    pub status: String,
    /// Each name with its values.
    pub headers: BTreeMap<String, Vec<String>>,
    /// The body.
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

mod base64_option {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[allow(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom)).transpose()
    }
}
