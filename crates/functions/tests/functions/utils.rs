//! `utils.crypto` and `utils.jwt`, against values that others computed and against each other.

use crate::support::{outcome, patient, pool, thrown, value};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A private and a public key.
fn rsa() -> (String, String) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (pem("PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", public.as_ref()))
}

#[tokio::test]
async fn digests_are_those_of_others() {
    let pool = pool(patient());
    for (source, expected) in [
        ("hash('sha256', 'abc').toHex()", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("hash('sha1', new BSON.Binary('abc')).toHex()", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("hash('md5', 'abc').toHex()", "900150983cd24fb0d6963f7d28e17f72"),
        (
            "hmac('what do ya want for nothing?', 'Jefe', 'sha256', 'hex')",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ("hmac('what do ya want for nothing?', 'Jefe', 'sha1', 'base64')", "7/zfauXrL6LSdBbV8YTfnCWafHk="),
    ] {
        assert_eq!(
            value(&pool, &format!("exports = () => utils.crypto.{source}"), vec![]).await,
            json!(expected)
        );
    }
    let message = thrown(&pool, "exports = () => utils.crypto.hash('sha3', 'x')").await;
    assert!(message.contains("'sha3'"), "{message}");
}

#[tokio::test]
async fn what_is_encrypted_comes_back_with_the_key_and_only_so() {
    let pool = pool(patient());
    for length in [16, 24, 32] {
        let source = format!(
            "exports = () => {{
                const {{ encrypt, decrypt }} = utils.crypto, key = 'k'.repeat({length});
                const sealed = encrypt('aes', 'grüße', key), again = encrypt('aes', 'grüße', key);
                return [decrypt('aes', sealed, key).text(), sealed.toHex() === again.toHex()];
            }}"
        );
        assert_eq!(value(&pool, &source, vec![]).await, json!(["grüße", false]));
    }
    for (source, expected) in [
        (
            "const c = utils.crypto; c.decrypt('aes', c.encrypt('aes', 'x', 'k'.repeat(16)), 'l'.repeat(16))",
            "not encrypted",
        ),
        ("utils.crypto.decrypt('aes', 'short', 'k'.repeat(16))", "not encrypted"),
        ("utils.crypto.encrypt('aes', 'x', 'short')", "16, 24 or 32 bytes"),
        ("utils.crypto.encrypt('des', 'x', 'k'.repeat(16))", "'aes'"),
    ] {
        let message = thrown(&pool, &format!("exports = () => {{ {source} }}")).await;
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[tokio::test]
async fn rsa_signatures_are_verified() {
    let pool = pool(patient());
    let (private, public) = rsa();
    let source = "exports = (key, public) => ['pss', 'pkcs1v15'].map(scheme => {
        const signature = utils.crypto.sign('rsa', 'message', key, scheme);
        return [utils.crypto.verify('rsa', 'message', public, signature, scheme),
            utils.crypto.verify('rsa', 'other', public, signature, scheme)];
    })";
    let verified = value(&pool, source, vec![json!(private), json!(public)]).await;
    assert_eq!(verified, json!([[true, false], [true, false]]));
}

#[tokio::test]
async fn tokens_of_every_method_come_back() {
    let pool = pool(patient());
    let (private, public) = rsa();
    let mut keys = Vec::new();
    for method in ["HS256", "HS384", "HS512"] {
        keys.push((method, "a secret".to_owned(), "a secret".to_owned()));
    }
    for method in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        keys.push((method, private.clone(), public.clone()));
    }
    for (method, algorithm) in [
        ("ES256", &ECDSA_P256_SHA256_FIXED_SIGNING),
        ("ES384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        ("ES512", &ECDSA_P521_SHA512_FIXED_SIGNING),
    ] {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let private = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        keys.push((method, private, pem("PUBLIC KEY", public.as_ref())));
    }
    let source = "exports = (method, secret, key) => {
        const token = utils.jwt.encode(method, { sub: 'é', n: 1 }, secret, { kid: 'k' });
        const { header, payload } = utils.jwt.decode(token, key, true, [method]);
        let forged;
        try { utils.jwt.decode(token.slice(0, -6) + 'AAAAAA', key) } catch (error) { forged = error.message }
        return [header.alg, header.kid, payload.sub, utils.jwt.decode(token, key).n === 1, forged];
    }";
    for (method, secret, key) in keys {
        let seen = value(&pool, source, vec![json!(method), json!(secret), json!(key)]).await;
        assert_eq!(seen, json!([method, "k", "é", true, "the signature is invalid"]), "{method}");
    }
}

#[tokio::test]
async fn a_token_of_others_is_decoded() {
    let pool = pool(patient());
    // The example of jwt.io.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    let source = "exports = (token) => utils.jwt.decode(token, 'your-256-bit-secret').name";
    assert_eq!(value(&pool, source, vec![json!(token)]).await, json!("John Doe"));
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused() {
    let pool = pool(patient());
    let (_, public) = rsa();
    // A token signed with the public key as if it were a secret, one of no method, and an old one.
    let source = "exports = (key) => {
        const confused = utils.jwt.encode('HS256', {}, key);
        const none = 'eyJhbGciOiJub25lIn0.e30.';
        const old = utils.jwt.encode('HS256', { exp: 1 }, 'secret');
        const early = utils.jwt.encode('HS256', { nbf: 1e12 }, 'secret');
        return [[confused, key], [none, 'secret'], [old, 'secret'], [early, 'secret'], ['x', 'secret'], ['é.é.é', 'secret']]
            .filter(([token, secret]) => { try { utils.jwt.decode(token, secret); return true } catch { return false } }).length;
    }";
    let accepted = outcome(&pool, source, vec![json!(public)]).await.unwrap().value;
    assert_eq!(accepted, json!({ "$numberInt": "0" }));
}
