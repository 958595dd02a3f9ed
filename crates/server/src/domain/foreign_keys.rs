//! API keys that another system handed out and of which only a hash is known (issued keys are imported by
//! `imports/api_keys.rs`). A string is compared with what imported keys look like before the store is asked
//! for anything. At its first login a key gets a digest of ours, and is from then on found by that.

use crate::app_config::App;
use crate::domain::mac::MacKey;
use crate::domain::pepper::Pepper;
use crate::error::Error;
use crate::state::ServerState;
use crate::store::Store;
use crate::store::api_keys::{ApiKeyLogin, SecretRecord};
use crate::store::foreign_keys::{ForeignHmacKey, ForeignKeyShape};
use aws_lc_rs::digest;
use keystead_protocol::id::AppId;
use keystead_protocol::secret::SecretText;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// So many shapes an application may have: each may cost a look-up for a string that is nobody's key.
pub const MAX_SHAPES: u32 = 16;
/// What cannot be guessed: with less, a hash of a key could be turned back into the key.
const MIN_BITS: f64 = 128.0;
const MAX_KEY_LENGTH: u32 = 512;
const MAX_PREFIX_LENGTH: usize = 64;
const SEALED_FOR: &str = "imported hmac key";
/// So many characters behind the prefix are shown to the owner, if enough are left that nobody knows.
const SHOWN: usize = 4;

/// How another system hashed its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// HMAC with SHA-256.
    HmacSha256,
}

impl HashAlgorithm {
    /// The name that it is imported and stored by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// How long its hashes are.
    pub const fn output_length(self) -> usize {
        match self {
            Self::Sha256 | Self::HmacSha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl FromStr for HashAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Sha256, Self::Sha512, Self::HmacSha256];
        let found = all.into_iter().find(|algorithm| algorithm.as_str() == text);
        found.ok_or_else(|| "algorithm is sha256, sha512 or hmac-sha256".into())
    }
}

/// The characters that keys are made of: one bit for each of ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alphabet(u128);

impl Alphabet {
    fn contains(self, byte: u8) -> bool {
        byte.is_ascii() && self.0 >> byte & 1 == 1
    }

    /// What one character of it may tell apart. Hexadecimal digits come in one case or the other.
    fn bits(self) -> f64 {
        let hex = Self::from_str("hex").is_ok_and(|hex| hex == self);
        let size = if hex { 16 } else { self.0.count_ones() };
        f64::from(size).log2()
    }
}

impl FromStr for Alphabet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mask = |text: &str| text.bytes().fold(0, |mask, byte| mask | 1_u128 << byte);
        match text {
            "alnum" => Ok(Self(mask(ALPHANUMERIC))),
            "hex" => Ok(Self(mask("0123456789abcdefABCDEF"))),
            "base64url" => Ok(Self(mask(ALPHANUMERIC) | mask("-_"))),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(mask(text))),
            _ => {
                Err("alphabet is alnum, hex, base64url, or the characters themselves, printable ASCII".into())
            }
        }
    }
}

/// What the keys of another system look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    prefix: String,
    length: usize,
    alphabet: Alphabet,
}

impl Shape {
    /// A shape, if its keys cannot be guessed.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn new(prefix: &str, length: u32, alphabet: &str) -> Result<Self, String> {
        let alphabet: Alphabet = alphabet.parse()?;
        if prefix.len() > MAX_PREFIX_LENGTH || !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("prefix is at most {MAX_PREFIX_LENGTH} characters of printable ASCII"));
        }
        let free = (length as usize).checked_sub(prefix.len()).filter(|_| length <= MAX_KEY_LENGTH);
        let free = free.ok_or_else(|| {
            format!("length counts the whole key with its prefix, and is at most {MAX_KEY_LENGTH}")
        })?;
        let shape = Self { prefix: prefix.to_owned(), length: length as usize, alphabet };
        let bits = shape.bits(free);
        if bits < MIN_BITS {
            return Err(format!(
                "keys of this shape have at most {bits:.0} bits that nobody knows, and {MIN_BITS:.0} are needed: with \
                 fewer, whoever reads hashes can find the keys; let such users make new keys"
            ));
        }
        Ok(shape)
    }

    fn bits(&self, characters: usize) -> f64 {
        f64::from(u32::try_from(characters).unwrap_or(u32::MAX)) * self.alphabet.bits()
    }

    fn fits(&self, key: &str) -> bool {
        key.len() == self.length
            && key
                .strip_prefix(&*self.prefix)
                .is_some_and(|rest| rest.bytes().all(|byte| self.alphabet.contains(byte)))
    }

    /// How a key starts, for its owner to recognise it.
    fn display_start<'k>(&self, key: &'k str) -> &'k str {
        let rest = self.length - self.prefix.len();
        let shown = if self.bits(rest.saturating_sub(SHOWN)) >= MIN_BITS { SHOWN } else { 0 };
        key.get(..self.prefix.len() + shown).unwrap_or_default()
    }
}

/// How keys of a shape were hashed.
struct Scheme {
    algorithm: HashAlgorithm,
    hmac_key: Option<MacKey>,
}

impl Scheme {
    fn hash(&self, key: &str) -> Vec<u8> {
        match (&self.hmac_key, self.algorithm) {
            (Some(hmac_key), _) => hmac_key.sign(key.as_bytes()).to_vec(),
            (None, HashAlgorithm::Sha512) => {
                digest::digest(&digest::SHA512, key.as_bytes()).as_ref().to_vec()
            }
            (None, _) => digest::digest(&digest::SHA256, key.as_bytes()).as_ref().to_vec(),
        }
    }
}

/// What imported keys look like, of all applications. Most servers have none.
#[derive(Default)]
pub struct ForeignKeys(Vec<Format>);

struct Format {
    app_id: AppId,
    shape: Shape,
    scheme: Scheme,
}

impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|format| &format.shape)).finish()
    }
}

impl ForeignKeys {
    fn matching<'s>(&'s self, app_id: AppId, key: &'s str) -> impl Iterator<Item = &'s Format> {
        self.0.iter().filter(move |format| format.app_id == app_id && format.shape.fits(key))
    }
}

/// Reads what the store knows of imported keys.
///
/// # Errors
/// The store's; or the pepper is not the one that belongs to it.
pub async fn load(store: &dyn Store, pepper: &Pepper) -> Result<ForeignKeys, Error> {
    let formats = store.list_foreign_key_formats().await?;
    let unreadable = |reason: String| Error::Internal(format!("the shape of an imported key: {reason}"));
    let mut known = Vec::with_capacity(formats.shapes.len());
    for (app_id, stored) in formats.shapes {
        let algorithm = stored.algorithm.parse().map_err(unreadable)?;
        let hmac_key = stored.hmac_key.map(|fingerprint| {
            let is_it =
                |(owner, key): &&(AppId, ForeignHmacKey)| *owner == app_id && key.fingerprint == fingerprint;
            let sealed = formats.hmac_keys.iter().find(is_it);
            let (_, sealed) = sealed.ok_or_else(|| unreadable("its HMAC key is not there".into()))?;
            let key =
                pepper.open(SEALED_FOR, &sealed.sealed_key).map_err(|error| unreadable(error.to_string()))?;
            Ok::<_, Error>(MacKey::new(&key)?)
        });
        let shape = Shape::new(&stored.prefix, stored.length, &stored.alphabet).map_err(unreadable)?;
        let scheme = Scheme { algorithm, hmac_key: hmac_key.transpose()? };
        known.push(Format { app_id, shape, scheme });
    }
    Ok(ForeignKeys(known))
}

/// Looks again, after an import. One at a time, so that an older reading never replaces a newer one.
///
/// # Errors
/// The store's.
pub async fn reload(state: &ServerState) -> Result<(), Error> {
    let _turn = state.foreign_keys_turn.lock().await;
    state.foreign_keys.store(Arc::new(load(state.store.as_ref(), &state.pepper).await?));
    Ok(())
}

/// An HMAC key as it is stored.
///
/// # Errors
/// There are no random bytes.
pub fn seal_hmac_key(pepper: &Pepper, key: &[u8]) -> Result<ForeignHmacKey, Error> {
    Ok(ForeignHmacKey {
        fingerprint: pepper.fingerprint_hmac_key(key),
        sealed_key: pepper.seal(SEALED_FOR, key)?,
    })
}

/// The shape as it is stored.
pub fn stored_shape(
    prefix: String,
    length: u32,
    alphabet: String,
    algorithm: HashAlgorithm,
    hmac_key: Option<[u8; 32]>,
) -> ForeignKeyShape {
    ForeignKeyShape { prefix, length, alphabet, algorithm: algorithm.as_str().to_owned(), hmac_key }
}

/// Whose key this is, if it was imported. Its first login writes once: from then on it is found by a digest
/// of ours.
///
/// # Errors
/// The store's.
pub async fn find_login(
    state: &ServerState,
    app: &App,
    key: &SecretText,
) -> Result<Option<ApiKeyLogin>, Error> {
    let (app_id, key) = (app.ids.app_id, key.expose());
    let candidates: Vec<_> = {
        let known = state.foreign_keys.load();
        let hashed = known.matching(app_id, key).map(|format| {
            let hash = format.scheme.hash(key);
            let digest = state.pepper.digest_foreign_hash(format.scheme.algorithm.as_str(), &hash);
            (digest, format.shape.clone())
        });
        hashed.collect()
    };
    if candidates.is_empty() {
        return Ok(None);
    }
    let ours = state.pepper.digest_adopted_key(app_id, key);
    // Imported keys do not tell the bucket of their owner.
    if let Some(login) = state.store.find_api_key_login("", &ours).await? {
        return Ok(Some(login));
    }
    for (digest, shape) in candidates {
        let Some(login) = state.store.find_foreign_key_login(app_id, &digest).await? else { continue };
        if login.key.disabled || login.user_disabled {
            return Ok(Some(login));
        }
        let secret = SecretRecord {
            digest: ours,
            display_start: shape.display_start(key).to_owned(),
            display_end: String::new(),
            prefix: shape.prefix,
        };
        let rehashed = state.store.rehash_foreign_key(app_id, digest, secret, state.clock.now()).await;
        return match rehashed {
            Ok(true) => Ok(Some(login)),
            // Another login was first, or the key was deleted meanwhile: what is stored now decides.
            Ok(false) => Ok(state.store.find_api_key_login("", &ours).await?),
            Err(error) => {
                tracing::warn!(%error, "an imported key was not rehashed; it will be at its next login");
                Ok(Some(login))
            }
        };
    }
    // One that was rehashed between the two look-ups.
    Ok(state.store.find_api_key_login("", &ours).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_that_could_be_guessed_are_refused() {
        assert!(Shape::new("", 31, "hex").unwrap_err().contains("at most 124 bits"));
        assert!(Shape::new("", 32, "hex").is_ok());
        assert!(Shape::new("sk_live_", 29, "alnum").unwrap_err().contains("at most 125 bits"));
        assert!(Shape::new("sk_live_", 30, "alnum").is_ok());
        assert!(Shape::new("", 127, "01").is_err() && Shape::new("", 128, "01").is_ok());
        assert!(Shape::new("", 500, "0").is_err(), "one character says nothing");
        assert!(Shape::new("sk_", 2, "alnum").is_err() && Shape::new("", 513, "alnum").is_err());
        assert!(Shape::new("s k", 60, "alnum").is_err() && Shape::new("", 60, "a b").is_err());
    }

    #[test]
    fn only_strings_of_the_shape_fit() {
        let shape = Shape::new("sk_", 35, "hex").unwrap();
        let key = format!("sk_{}", "0123456789abcdef".repeat(2));
        assert!(shape.fits(&key));
        assert!(!shape.fits(&key[1..]) && !shape.fits(&format!("{key}0")));
        assert!(!shape.fits(&key.replace('f', "g")) && !shape.fits(&key.replace("sk", "SK")));
        assert!(!shape.fits(&format!("sk_{}", "é".repeat(16))));
        assert_eq!(shape.display_start(&key), "sk_", "no more than the shape can spare is shown");
        let long = Shape::new("sk_", 43, "hex").unwrap();
        assert_eq!(long.display_start(&format!("{key}01234567")), "sk_0123");
    }
}
