//! Tokens: compact JWS (RFC 7515), signed and verified with keys that are held ready.
//!
//! A token's header is one of the exact strings this server writes, one for each of its keys, and the
//! verifier looks the header up as it stands. So the algorithm is never read out of a token, and
//! `alg: none`, a foreign key or another algorithm are simply headers that nobody wrote.

use crate::clock::Timestamp;
use crate::domain::mac::MacKey;
use crate::domain::pepper::CryptoFailed;
use crate::error::Error;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64_simd::URL_SAFE_NO_PAD as BASE64URL;
use keystead_protocol::id::AppId;
use keystead_protocol::session::TokenType;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037): anybody can verify with the public key.
    EdDsa,
    /// HMAC-SHA-256 (RFC 7518 §3.2): only who has the secret can verify.
    Hs256,
}

impl Algorithm {
    /// The name in token headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

/// `EdDSA` or `HS256`.
impl std::str::FromStr for Algorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "EdDSA" => Ok(Self::EdDsa),
            "HS256" => Ok(Self::Hs256),
            _ => Err("the algorithm is EdDSA or HS256"),
        }
    }
}

/// One key, of one application, for one type of token.
pub struct SigningKey {
    /// `kid`.
    pub key_id: String,
    /// The application.
    pub app_id: AppId,
    /// What it signs.
    pub token_type: TokenType,
    /// When it was made.
    pub created_at: Timestamp,
    /// The encoded header of every token it signs.
    header: String,
    material: Material,
}

enum Material {
    Ed25519(Box<Ed25519KeyPair>),
    Hmac(Box<MacKey>),
}

impl SigningKey {
    /// A key of this material: a 32-byte Ed25519 seed, or an HMAC secret of any length.
    ///
    /// # Errors
    /// When the bytes are no key.
    pub fn new(
        key_id: String,
        app_id: AppId,
        token_type: TokenType,
        created_at: Timestamp,
        algorithm: Algorithm,
        secret: &[u8],
    ) -> Result<Self, CryptoFailed> {
        let material = match algorithm {
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(secret).map_err(|_| CryptoFailed)?;
                Material::Ed25519(Box::new(pair))
            }
            Algorithm::Hs256 => Material::Hmac(Box::new(MacKey::new(secret)?)),
        };
        let header = format!(r#"{{"alg":"{}","kid":"{key_id}","typ":"JWT"}}"#, algorithm.as_str());
        let header = BASE64URL.encode_to_string(header);
        Ok(Self { key_id, app_id, token_type, created_at, header, material })
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Hmac(_) => Algorithm::Hs256,
        }
    }

    /// The public key, for the JWK set; HMAC keys have none.
    pub fn public_key(&self) -> Option<String> {
        match &self.material {
            Material::Ed25519(pair) => Some(BASE64URL.encode_to_string(pair.public_key())),
            Material::Hmac(_) => None,
        }
    }

    /// The token with these claims, a JSON object.
    pub fn sign(&self, claims: &[u8]) -> String {
        let mut token = String::with_capacity(self.header.len() + claims.len() * 4 / 3 + 96);
        token.push_str(&self.header);
        append_base64(&mut token, claims);
        match &self.material {
            Material::Ed25519(pair) => {
                let signature = pair.sign(token.as_bytes());
                append_base64(&mut token, signature.as_ref());
            }
            Material::Hmac(key) => {
                let signature = key.sign(token.as_bytes());
                append_base64(&mut token, &signature);
            }
        }
        token
    }

    fn verifies(&self, signed: &str, signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(pair) => UnparsedPublicKey::new(&ED25519, pair.public_key())
                .verify(signed.as_bytes(), signature)
                .is_ok(),
            Material::Hmac(key) => key.verifies(signed.as_bytes(), signature),
        }
    }
}

/// Appends a dot and `bytes`, encoded in place.
fn append_base64(token: &mut String, bytes: &[u8]) {
    token.push('.');
    BASE64URL.encode_append(bytes, token);
}

/// All keys of all applications: few, so that ordered maps find them faster than hashed ones.
#[derive(Default, Clone)]
pub struct KeyRing {
    by_header: BTreeMap<String, Arc<SigningKey>>,
    /// Of each application, oldest first.
    by_app: BTreeMap<AppId, Vec<Arc<SigningKey>>>,
}

impl KeyRing {
    /// Adds a key, which must be no older than those before it.
    pub fn add(&mut self, key: impl Into<Arc<SigningKey>>) {
        let key = key.into();
        self.by_app.entry(key.app_id).or_default().push(Arc::clone(&key));
        self.by_header.insert(key.header.clone(), key);
    }

    /// The keys of an application, oldest first.
    pub fn of_app(&self, app_id: AppId) -> &[Arc<SigningKey>] {
        self.by_app.get(&app_id).map_or(&[], Vec::as_slice)
    }

    /// The key that signs: the newest of its kind.
    pub fn current(
        &self,
        app_id: AppId,
        token_type: TokenType,
        algorithm: Algorithm,
    ) -> Option<&Arc<SigningKey>> {
        let fits = |key: &&Arc<SigningKey>| key.token_type == token_type && key.algorithm() == algorithm;
        self.of_app(app_id).iter().rev().find(fits)
    }

    /// The claims of a token of type `wanted`, if one of the keys signed it. Whether it has expired
    /// or its session ended is not looked at here.
    ///
    /// # Errors
    /// The token is malformed, forged, or of the other type.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        wanted: TokenType,
    ) -> Result<(C, &Arc<SigningKey>), Error> {
        let mut parts = token.rsplitn(2, '.');
        let (Some(signature), Some(signed)) = (parts.next(), parts.next()) else {
            return Err(Error::TokenMalformed(wanted));
        };
        let Some((header, claims)) = signed.split_once('.') else {
            return Err(Error::TokenMalformed(wanted));
        };
        let key = self.by_header.get(header).ok_or(Error::TokenForged(wanted))?;
        let signature = BASE64URL.decode_to_vec(signature).map_err(|_| Error::TokenMalformed(wanted))?;
        if !key.verifies(signed, &signature) {
            return Err(Error::TokenForged(wanted));
        }
        if key.token_type != wanted {
            return Err(Error::TokenOfWrongType(wanted));
        }
        let claims = BASE64URL.decode_to_vec(claims).map_err(|_| Error::TokenMalformed(wanted))?;
        let claims = serde_json::from_slice(&claims).map_err(|_| Error::TokenMalformed(wanted))?;
        Ok((claims, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hmac;
    use keystead_protocol::id::ObjectId;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn ring() -> KeyRing {
        let app = ObjectId::from_bytes([1; 12]).into();
        let now = Timestamp::from_unix_seconds(1);
        let mut ring = KeyRing::default();
        for (key_id, token_type, algorithm) in [
            ("a", TokenType::Access, Algorithm::EdDsa),
            ("b", TokenType::Access, Algorithm::Hs256),
            ("c", TokenType::Refresh, Algorithm::Hs256),
        ] {
            let key = SigningKey::new(key_id.into(), app, token_type, now, algorithm, &[9; 32]);
            ring.add(key.unwrap());
        }
        ring
    }

    fn sign(ring: &KeyRing, token_type: TokenType, algorithm: Algorithm) -> String {
        let app = ObjectId::from_bytes([1; 12]).into();
        ring.current(app, token_type, algorithm).unwrap().sign(br#"{"sub":"x","n":1}"#)
    }

    #[test]
    fn what_is_signed_verifies_as_its_type_and_no_other() {
        let ring = ring();
        for (token_type, other, algorithm) in [
            (TokenType::Access, TokenType::Refresh, Algorithm::EdDsa),
            (TokenType::Access, TokenType::Refresh, Algorithm::Hs256),
            (TokenType::Refresh, TokenType::Access, Algorithm::Hs256),
        ] {
            let token = sign(&ring, token_type, algorithm);
            assert_eq!(token.split('.').count(), 3);
            let (claims, _) = ring.verify::<Value>(&token, token_type).unwrap();
            assert_eq!(claims, json!({"sub": "x", "n": 1}));
            assert!(matches!(ring.verify::<Value>(&token, other), Err(Error::TokenOfWrongType(_))));
        }
    }

    #[test]
    fn tokens_without_or_with_a_confused_algorithm_are_forged() {
        let ring = ring();
        let token = sign(&ring, TokenType::Access, Algorithm::EdDsa);
        let claims = token.split('.').nth(1).unwrap();
        let public = ring.of_app(ObjectId::from_bytes([1; 12]).into())[0].public_key().unwrap();
        let hmac_with_public_key =
            hmac::Key::new(hmac::HMAC_SHA256, &BASE64URL.decode_to_vec(public).unwrap());
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"a","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"EdDSA","kid":"a"}"#,
        ] {
            let signed = format!("{}.{claims}", BASE64URL.encode_to_string(header));
            let tag = hmac::sign(&hmac_with_public_key, signed.as_bytes());
            for signature in [String::new(), BASE64URL.encode_to_string(tag)] {
                let result = ring.verify::<Value>(&format!("{signed}.{signature}"), TokenType::Access);
                assert!(matches!(result, Err(Error::TokenForged(_))), "{header}");
            }
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(position: prop::sample::Index, with in "[A-Za-z0-9_.-]") {
            let ring = ring();
            let token = sign(&ring, TokenType::Refresh, Algorithm::Hs256);
            let at = position.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            // The last character of a signature carries two bits that decode to nothing; a decoder
            // that is strict about them refuses all but one spelling.
            prop_assert_eq!(ring.verify::<Value>(&changed, TokenType::Refresh).is_ok(), changed == token);
        }

        #[test]
        fn arbitrary_text_is_no_token(text in "\\PC{0,100}") {
            prop_assert!(ring().verify::<Value>(&text, TokenType::Access).is_err());
        }
    }
}
