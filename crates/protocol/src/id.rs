//! `ObjectId`s: 12 bytes, 24 hexadecimal digits on the wire. Every kind of thing has its own type, so
//! that a user's id cannot be passed where an application's is wanted. Making new ids needs a clock
//! and randomness and is the server's business.

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Twelve bytes: four of seconds since 1970 (big endian), five random ones per process, and a
/// counter of three. Ids made later sort later, to the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectId([u8; 12]);

/// The text is not 24 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 24 hexadecimal digits")
    }
}

impl std::error::Error for InvalidId {}

/// The two digits of every byte: ids are written often enough for a table.
const HEX_PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

impl ObjectId {
    /// The id of these parts; only the lower three bytes of `counter` are used.
    pub const fn from_parts(seconds: u32, process: [u8; 5], counter: u32) -> Self {
        let s = seconds.to_be_bytes();
        let c = counter.to_be_bytes();
        let p = process;
        Self([s[0], s[1], s[2], s[3], p[0], p[1], p[2], p[3], p[4], c[1], c[2], c[3]])
    }

    /// The id of these bytes.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The twelve bytes, big endian, so that they sort as the ids do.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// When it was made: seconds since 1970.
    pub const fn seconds(&self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The 24 digits, in ASCII.
    pub fn to_hex(self) -> [u8; 24] {
        let mut digits = [0; 24];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&HEX_PAIRS[usize::from(byte)]);
        }
        digits
    }

    /// The 24 digits. Faster than by way of `Display`.
    pub fn to_text(self) -> String {
        std::str::from_utf8(&self.to_hex()).unwrap_or_default().to_owned()
    }

    /// Appends the id as a JSON string.
    pub(crate) fn push_json(self, json: &mut Vec<u8>) {
        let mut quoted = [b'"'; 26];
        quoted[1..25].copy_from_slice(&self.to_hex());
        json.extend_from_slice(&quoted);
    }
}

impl FromStr for ObjectId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.as_bytes();
        if digits.len() != 24 {
            return Err(InvalidId);
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16).ok_or(InvalidId)?;
            let low = char::from(pair[1]).to_digit(16).ok_or(InvalidId)?;
            *byte = u8::try_from(high * 16 + low).map_err(|_| InvalidId)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

/// Accepts `"5f…"` and extended JSON's `{"$oid":"5f…"}`: SDKs send either (protocol §1.3).
impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl<'de> Visitor<'de> for IdVisitor {
            type Value = ObjectId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("24 hexadecimal digits, or {\"$oid\": …} around them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ObjectId, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ObjectId, A::Error> {
                let mut id = None;
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    if key != "$oid" {
                        return Err(de::Error::custom("expected {\"$oid\": …}"));
                    }
                    let text = map.next_value::<std::borrow::Cow<'de, str>>()?;
                    id = Some(text.parse().map_err(de::Error::custom)?);
                }
                id.ok_or_else(|| de::Error::custom("expected {\"$oid\": …}"))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

/// In requests, extended JSON is read, too; what is written is always the digits.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for ObjectId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ObjectId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{24}$" })
    }
}

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
        pub struct $name(ObjectId);

        impl $name {
            /// The same twelve bytes as a bare id, for storing.
            pub const fn object_id(&self) -> &ObjectId {
                &self.0
            }
        }

        impl From<ObjectId> for $name {
            fn from(id: ObjectId) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

id_types! {
    /// An application as the admin API names it (`_id`).
    AppId,
    /// An application as tokens name it (`baas_domain_id`); never equal to its [`AppId`].
    DomainId,
    /// An authentication provider of one application (`provider_id`).
    ProviderId,
    /// A user of one application.
    UserId,
    /// An API key; also the id of the identity it logs in with.
    ApiKeyId,
    /// One login on one device: `iss` in access tokens, `baas_id` in refresh tokens.
    SessionId,
    /// What `device_id` names; [`DeviceId::NONE`] when a client told nothing of its device.
    DeviceId,
    /// A confirmation or password-reset mail (`tokenId`).
    EmailTokenId,
    /// An outgoing mail that waits to be sent.
    MailId,
    /// An administrator of this server.
    AdminId,
    /// A secret of an application (`_id`, protocol §7.7).
    SecretId,
    /// Changes of an application that wait to be deployed (protocol §7.8).
    DraftId,
    /// A change of an application that took effect (protocol §7.8).
    DeploymentId,
    /// One request: `co_id` in error links, in the log and in the response header.
    RequestId,
}

impl DeviceId {
    /// Twenty-four zeros: no device (protocol §1.4).
    pub const NONE: Self = Self(ObjectId([0; 12]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_extended_json_round_trip(bytes: [u8; 12]) {
            let id = ObjectId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let plain = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<ObjectId>(&plain).unwrap(), id);
            let extended = format!("{{\"$oid\":{plain}}}");
            prop_assert_eq!(serde_json::from_str::<ObjectId>(&extended).unwrap(), id);
        }

        #[test]
        fn nothing_but_24_hex_digits_is_an_id(text in "\\PC{0,40}") {
            let valid = text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit());
            prop_assert_eq!(text.parse::<ObjectId>().is_ok(), valid);
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let early = ObjectId::from_parts(1, [255; 5], 0x00ff_ffff);
        let late = ObjectId::from_parts(2, [0; 5], 0);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn extended_json_with_anything_else_is_refused() {
        for bad in ["{}", "{\"oid\":\"5f\"}", "12", "null", "{\"$oid\":1}", "[]"] {
            assert!(serde_json::from_str::<ObjectId>(bad).is_err(), "{bad}");
        }
    }
}
