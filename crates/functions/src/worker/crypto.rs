//! The native half of `utils.crypto`: digests, encryption and random numbers. Bytes travel as base64.
//! Signatures are in `signing`.

use super::signing;
use aws_lc_rs::aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rquickjs::{Ctx, Exception, Function, Object};

/// So many random bytes, in hexadecimal.
#[allow(clippy::needless_pass_by_value, reason = "the engine calls it so")]
pub(super) fn random(ctx: Ctx<'_>, bytes: u8) -> rquickjs::Result<String> {
    let mut random = vec![0; usize::from(bytes)];
    rand::fill(&mut random).map_err(|_| Exception::throw_message(&ctx, "there are no random numbers"))?;
    Ok(hex(&random))
}

/// The functions that `utils` is built on.
pub(super) fn functions<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let functions = Object::new(ctx.clone())?;
    let hash = |ctx: Ctx<'js>, name: String, input: String| or_throw(&ctx, hash(&name, &input));
    functions.set("hash", Function::new(ctx.clone(), hash)?)?;
    let hmac = |ctx: Ctx<'js>, name: String, input: String, secret: String| {
        or_throw(&ctx, hmac(&name, &input, &secret))
    };
    functions.set("hmac", Function::new(ctx.clone(), hmac)?)?;
    let sign = |ctx: Ctx<'js>, method: String, message: String, key: String| {
        let signed = decode(&message).and_then(|message| signing::sign(&method, &message, &decode(&key)?));
        or_throw(&ctx, signed.map(|signature| STANDARD.encode(signature)))
    };
    functions.set("sign", Function::new(ctx.clone(), sign)?)?;
    let verify = |ctx: Ctx<'js>, method: String, message: String, key: String, signature: String| {
        let verified = decode(&message)
            .and_then(|message| signing::verify(&method, &message, &decode(&key)?, &decode(&signature)?));
        or_throw(&ctx, verified)
    };
    functions.set("verify", Function::new(ctx.clone(), verify)?)?;
    let encrypt = |ctx: Ctx<'js>, message: String, key: String| or_throw(&ctx, encrypt(&message, &key));
    functions.set("encrypt", Function::new(ctx.clone(), encrypt)?)?;
    let decrypt = |ctx: Ctx<'js>, message: String, key: String| or_throw(&ctx, decrypt(&message, &key));
    functions.set("decrypt", Function::new(ctx.clone(), decrypt)?)?;
    Ok(functions)
}

fn hash(name: &str, input: &str) -> Result<String, String> {
    let algorithm = match name {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => &digest::SHA256,
        "md5" => return Ok(STANDARD.encode(Md5::digest(decode(input)?))),
        _ => return Err(format!("'{name}' is no hash function: there are sha1, sha256 and md5")),
    };
    Ok(STANDARD.encode(digest::digest(algorithm, &decode(input)?)))
}

fn hmac(name: &str, input: &str, secret: &str) -> Result<String, String> {
    let algorithm = match name {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Err(format!("'{name}' is no hash function for hmac: there are sha1, sha256 and sha512")),
    };
    Ok(STANDARD.encode(hmac::sign(&hmac::Key::new(algorithm, &decode(secret)?), &decode(input)?)))
}

/// AES in Galois/counter mode: a random nonce, what was encrypted, a tag (RFC 5116 §5.1).
fn encrypt(message: &str, key: &str) -> Result<String, String> {
    let failed = |_| "encrypting failed".to_owned();
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(failed)?;
    let mut sealed = decode(message)?;
    aes_key(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .map_err(failed)?;
    Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
}

fn decrypt(message: &str, key: &str) -> Result<String, String> {
    let wrong = "this was not encrypted with this key by utils.crypto.encrypt, or was changed";
    let message = decode(message)?;
    let (nonce, sealed) = message.split_first_chunk::<NONCE_LEN>().ok_or(wrong)?;
    let mut opened = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = aes_key(key)?.open_in_place(nonce, Aad::empty(), &mut opened).map_err(|_| wrong)?;
    Ok(STANDARD.encode(opened))
}

fn aes_key(key: &str) -> Result<LessSafeKey, String> {
    let key = decode(key)?;
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err("a key for aes has 16, 24 or 32 bytes".into()),
    };
    UnboundKey::new(algorithm, &key).map(LessSafeKey::new).map_err(|_| "the key is unusable".into())
}

fn decode(base64: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(base64).map_err(|_| "this is no base64".to_owned())
}

fn or_throw<T>(ctx: &Ctx<'_>, result: Result<T, String>) -> rquickjs::Result<T> {
    result.map_err(|message| Exception::throw_message(ctx, &message))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
