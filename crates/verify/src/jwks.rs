//! The application's JWK set (RFC 7517, RFC 8037): which of it are keys that verify access tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::collections::HashMap;

/// An Ed25519 public key.
pub(crate) type PublicKey = [u8; 32];

/// The keys by their ids.
pub(crate) type KeySet = HashMap<String, PublicKey>;

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    x: Option<String>,
}

/// The Ed25519 keys for signatures. Keys of other kinds are passed over (RFC 7517 §5).
pub(crate) fn parse(json: &[u8]) -> Result<KeySet, serde_json::Error> {
    let set: JwkSet = serde_json::from_slice(json)?;
    Ok(set.keys.iter().filter_map(usable).collect())
}

fn usable(key: &Jwk) -> Option<(String, PublicKey)> {
    let is = |value: &Option<String>, wanted| value.as_deref() == Some(wanted);
    let fits = key.kty == "OKP"
        && is(&key.crv, "Ed25519")
        && (key.alg.is_none() || is(&key.alg, "EdDSA"))
        && (key.usage.is_none() || is(&key.usage, "sig"));
    let public = URL_SAFE_NO_PAD.decode(key.x.as_ref().filter(|_| fits)?).ok()?;
    Some((key.kid.clone()?, public.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let set = json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "good", "x": x, "alg": "EdDSA", "use": "sig"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "bare", "x": x},
            {"kty": "OKP", "crv": "Ed25519", "x": x},
            {"kty": "OKP", "crv": "Ed25519", "kid": "short", "x": "AAAA"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "for something else", "x": x, "use": "enc"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "confused", "x": x, "alg": "HS256"},
            {"kty": "OKP", "crv": "X25519", "kid": "other curve", "x": x},
            {"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"},
            {"kty": "oct", "kid": "secret", "k": x},
        ]});
        let keys = parse(set.to_string().as_bytes()).unwrap();
        let mut ids: Vec<_> = keys.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["bare", "good"]);
        assert!(parse(b"<html>").is_err() && parse(b"{}").is_err());
    }
}
