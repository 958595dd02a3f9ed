//! Signatures by the names that JSON Web Tokens give them: HS256 to PS512. `utils.crypto` signs with RS256
//! and PS256. What is signed is up to `prelude/utils.js`.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as suite, EcdsaKeyPair, RsaKeyPair, UnparsedPublicKey};
use aws_lc_rs::{hmac, signature::VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a method signs, and what verifies it.
enum Method {
    Hmac(hmac::Algorithm),
    Rsa(&'static dyn suite::RsaEncoding, &'static dyn VerificationAlgorithm),
    Ecdsa(&'static suite::EcdsaSigningAlgorithm, &'static dyn VerificationAlgorithm),
}

fn method(name: &str) -> Result<Method, String> {
    Ok(match name {
        "HS256" => Method::Hmac(hmac::HMAC_SHA256),
        "HS384" => Method::Hmac(hmac::HMAC_SHA384),
        "HS512" => Method::Hmac(hmac::HMAC_SHA512),
        "RS256" => Method::Rsa(&suite::RSA_PKCS1_SHA256, &suite::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Method::Rsa(&suite::RSA_PKCS1_SHA384, &suite::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Method::Rsa(&suite::RSA_PKCS1_SHA512, &suite::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Method::Rsa(&suite::RSA_PSS_SHA256, &suite::RSA_PSS_2048_8192_SHA256),
        "PS384" => Method::Rsa(&suite::RSA_PSS_SHA384, &suite::RSA_PSS_2048_8192_SHA384),
        "PS512" => Method::Rsa(&suite::RSA_PSS_SHA512, &suite::RSA_PSS_2048_8192_SHA512),
        "ES256" => Method::Ecdsa(&suite::ECDSA_P256_SHA256_FIXED_SIGNING, &suite::ECDSA_P256_SHA256_FIXED),
        "ES384" => Method::Ecdsa(&suite::ECDSA_P384_SHA384_FIXED_SIGNING, &suite::ECDSA_P384_SHA384_FIXED),
        "ES512" => Method::Ecdsa(&suite::ECDSA_P521_SHA512_FIXED_SIGNING, &suite::ECDSA_P521_SHA512_FIXED),
        _ => return Err(format!("'{name}' is no signing method")),
    })
}

/// Signs with a secret, or with a private key in PEM.
pub(super) fn sign(name: &str, message: &[u8], key: &[u8]) -> Result<Vec<u8>, String> {
    let failed = |_| format!("signing with {name} failed");
    match method(name)? {
        Method::Hmac(algorithm) => Ok(hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()),
        Method::Rsa(encoding, _) => {
            let der = der(key)?;
            let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
            let pair = pair.map_err(|error| format!("this is no private RSA key: {error}"))?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
            Ok(signature)
        }
        Method::Ecdsa(algorithm, _) => {
            let pair = EcdsaKeyPair::from_private_key_der(algorithm, &der(key)?);
            let pair = pair.map_err(|error| format!("this is no private key for {name}: {error}"))?;
            Ok(pair.sign(&SystemRandom::new(), message).map_err(failed)?.as_ref().to_vec())
        }
    }
}

/// Verifies with a secret, or with a public key in PEM.
pub(super) fn verify(name: &str, message: &[u8], key: &[u8], signature: &[u8]) -> Result<bool, String> {
    Ok(match method(name)? {
        Method::Hmac(algorithm) => hmac::verify(&hmac::Key::new(algorithm, key), message, signature).is_ok(),
        Method::Rsa(_, algorithm) | Method::Ecdsa(_, algorithm) => {
            let key = der(key)?;
            let key = UnparsedPublicKey::new(algorithm, &key);
            key.verify(message, signature).is_ok()
        }
    })
}

/// What is between the lines of a PEM text.
fn der(pem: &[u8]) -> Result<Vec<u8>, String> {
    let wrong = || "this is no key in PEM form".to_owned();
    let text = std::str::from_utf8(pem).map_err(|_| wrong())?;
    let inside = text.split("-----").nth(2).ok_or_else(wrong)?;
    let base64: String = inside.split_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| wrong())
}
