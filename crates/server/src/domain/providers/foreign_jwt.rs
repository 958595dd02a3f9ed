//! Reading and verifying JWTs that others made (RFC 7519), for the `custom-token` provider.
//!
//! The algorithm is the configured one, never the token's. SDK test suites make tokens with the
//! standard base64 alphabet and padding, so both alphabets are read (protocol §6.2).

use crate::domain::mac::MacKey;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::{Map, Value};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Clocks of others may be so many seconds off.
const LEEWAY_SECONDS: f64 = 60.0;

/// A key that foreign tokens are verified with.
pub enum ForeignKey {
    /// A shared secret, for HS256.
    Hs256(Box<MacKey>),
    /// A public key in DER (`SubjectPublicKeyInfo` or PKCS#1), for RS256.
    Rs256Der(Vec<u8>),
    /// A public key as a JWK has it: modulus and exponent, big endian, for RS256.
    Rs256Components {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl ForeignKey {
    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => key.verifies(signed, signature),
            Self::Rs256Der(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(signed, signature).is_ok()
            }
            Self::Rs256Components { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
        }
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256Der(_) | Self::Rs256Components { .. } => "RS256",
        }
    }
}

/// A token taken apart; nothing of it is believed yet.
pub struct ForeignJwt<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Header,
    claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 §4.1.11); none are.
    crit: Option<serde::de::IgnoredAny>,
}

/// What the claims must say.
pub struct Expectations<'a> {
    /// Acceptable audiences.
    pub audiences: &'a [String],
    /// Whether one of them suffices; otherwise all must be there.
    pub any_audience: bool,
    /// Unix seconds.
    pub now: i64,
}

impl<'t> ForeignJwt<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is not a compact JWS around a JSON object.
    pub fn parse(token: &'t str) -> Result<Self, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("it has no three parts")?;
        let (header, claims) = signed.split_once('.').ok_or("it has no three parts")?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| "its header is unreadable")?;
        if header.crit.is_some() {
            return Err("it demands an extension that is not supported");
        }
        let claims = serde_json::from_slice(&decode(claims)?).map_err(|_| "its claims are unreadable")?;
        Ok(Self { signed, signature: decode(signature)?, header, claims })
    }

    /// The key that the token says it was signed with.
    pub fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The claims, if one of `keys` signed the token and the claims are as expected.
    ///
    /// # Errors
    /// The first thing that is wrong, for the log.
    pub fn verify<'k>(
        self,
        keys: impl IntoIterator<Item = &'k ForeignKey>,
        expected: &Expectations<'_>,
    ) -> Result<Map<String, Value>, &'static str> {
        let signed = self.signed.as_bytes();
        let verified = keys
            .into_iter()
            .filter(|key| key.algorithm() == self.header.alg)
            .any(|key| key.verifies(signed, &self.signature));
        if !verified {
            return Err("none of the configured keys signed it");
        }
        check_times(&self.claims, expected.now)?;
        check_audience(&self.claims, expected)?;
        Ok(self.claims)
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of this millennium fit exactly")]
fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), &'static str> {
    let now = now as f64;
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or("a time in it is no number"),
    };
    if seconds("exp")?.ok_or("it has no exp")? + LEEWAY_SECONDS <= now {
        return Err("it has expired");
    }
    for begins in ["nbf", "iat"] {
        if seconds(begins)?.is_some_and(|begin| begin - LEEWAY_SECONDS > now) {
            return Err("it is not valid yet");
        }
    }
    Ok(())
}

fn check_audience(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), &'static str> {
    let has = |wanted: &String| match claims.get("aud") {
        Some(Value::String(audience)) => audience == wanted,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == wanted),
        _ => false,
    };
    let fits = if expected.any_audience {
        expected.audiences.iter().any(has)
    } else {
        expected.audiences.iter().all(has)
    };
    if fits { Ok(()) } else { Err("it is for another audience") }
}

fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    let url_safe: Vec<u8> = text
        .bytes()
        .map(|b| match b {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect();
    LENIENT.decode(url_safe).map_err(|_| "a part of it is not base64")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hmac;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn key() -> ForeignKey {
        ForeignKey::Hs256(Box::new(MacKey::new(b"My_very_confidential_secretttttt").unwrap()))
    }

    fn token(header: &Value, claims: &Value, engine: &GeneralPurpose) -> String {
        let signed = format!("{}.{}", engine.encode(header.to_string()), engine.encode(claims.to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"My_very_confidential_secretttttt");
        let signature = engine.encode(hmac::sign(&key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn verify(claims: &Value, audiences: &[&str], any: bool) -> Result<Map<String, Value>, &'static str> {
        let audiences: Vec<_> = audiences.iter().map(|&text| text.to_owned()).collect();
        let expected = Expectations { audiences: &audiences, any_audience: any, now: NOW };
        let token = token(&json!({"alg": "HS256"}), claims, &URL_SAFE_NO_PAD);
        ForeignJwt::parse(&token)?.verify([&key()], &expected)
    }

    #[test]
    fn both_alphabets_are_read() {
        let claims = json!({"sub": "ü?>~", "exp": NOW + 10, "aud": "a"});
        for engine in [&STANDARD, &URL_SAFE_NO_PAD] {
            let token = token(&json!({"alg": "HS256", "typ": "JWT"}), &claims, engine);
            let expected = Expectations { audiences: &["a".into()], any_audience: false, now: NOW };
            assert!(ForeignJwt::parse(&token).unwrap().verify([&key()], &expected).is_ok());
        }
    }

    #[test]
    fn times_are_checked_with_leeway_and_fractions() {
        let check = |claims: Value| verify(&claims, &[], false).map(drop);
        assert_eq!(check(json!({"exp": 1_800_000_000.5})), Ok(()));
        assert_eq!(check(json!({"exp": NOW - 59})), Ok(()));
        assert_eq!(check(json!({"exp": NOW - 60})), Err("it has expired"));
        assert_eq!(check(json!({})), Err("it has no exp"));
        assert_eq!(check(json!({"exp": "tomorrow"})), Err("a time in it is no number"));
        assert_eq!(check(json!({"exp": NOW + 10, "nbf": NOW + 61})), Err("it is not valid yet"));
        assert_eq!(check(json!({"exp": NOW + 10, "iat": NOW + 61})), Err("it is not valid yet"));
    }

    #[test]
    fn all_audiences_are_needed_unless_any_will_do() {
        let claims = json!({"exp": NOW + 10, "aud": ["a", "b"]});
        assert!(verify(&claims, &["a", "b"], false).is_ok());
        assert!(verify(&claims, &["a", "c"], false).is_err());
        assert!(verify(&claims, &["a", "c"], true).is_ok());
        assert!(verify(&claims, &["c"], true).is_err());
        assert!(verify(&json!({"exp": NOW + 10}), &["a"], true).is_err());
    }

    #[test]
    fn the_algorithm_is_the_keys_not_the_tokens() {
        let claims = json!({"exp": NOW + 10});
        let expected = Expectations { audiences: &[], any_audience: false, now: NOW };
        for alg in ["none", "RS256", "HS512", ""] {
            let token = token(&json!({"alg": alg}), &claims, &URL_SAFE_NO_PAD);
            let refused = ForeignJwt::parse(&token).unwrap().verify([&key()], &expected);
            assert_eq!(refused, Err("none of the configured keys signed it"));
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_a_panic() {
        for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.", "bnVsbA.bnVsbA.", "\u{1f600}.x.y"] {
            assert!(ForeignJwt::parse(text).is_err(), "{text}");
        }
    }
}
