//! API key strings: how one is made, checked and shown.
//!
//! `{prefix}_{locator}{secret}{checksum}`: the prefix says what it is, so that a leaked key is
//! recognised; the locator (2 characters) is the bucket of the owner, so that a sharded store asks
//! one shard; the secret is 43 characters, 256 random bits; the checksum (6 characters) is the CRC-32
//! of everything before it, so that a mistyped or made-up key is refused before the store is asked.
//! All characters but the underscore are base62.

use crate::domain::pepper::CryptoFailed;
use keystead_protocol::id::UserId;
use keystead_protocol::secret::SecretText;
use zeroize::Zeroizing;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOCATOR_LENGTH: usize = 2;
const SECRET_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;
/// Characters after the prefix and its underscore.
const BODY_LENGTH: usize = LOCATOR_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH;
const MAX_PREFIX_LENGTH: usize = 32;

/// What API keys start with. 1 to 32 characters: lower-case letters, digits, underscores;
/// it starts and ends with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// What server keys start with unless set otherwise; the default is that of users' keys.
    pub fn default_of_server_keys() -> Self {
        Self("ks_server".into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("ks_user".into())
    }
}

impl std::str::FromStr for KeyPrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = text.bytes().next().is_some_and(inner) && text.bytes().last().is_some_and(inner);
        if ends && text.len() <= MAX_PREFIX_LENGTH && text.bytes().all(|b| inner(b) || b == b'_') {
            Ok(Self(text.to_owned()))
        } else {
            Err("a key prefix is 1 to 32 lower-case letters, digits and inner underscores, like ks_user")
        }
    }
}

/// An API key of correct form. It may still be nobody's.
#[derive(Debug)]
pub struct KeySecret(SecretText);

impl KeySecret {
    /// A new key for `owner`.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn generate(prefix: &KeyPrefix, owner: UserId) -> Result<Self, CryptoFailed> {
        let mut key = String::with_capacity(prefix.0.len() + 1 + BODY_LENGTH);
        key.push_str(&prefix.0);
        key.push('_');
        key.extend(base62::<LOCATOR_LENGTH>(locator(owner)).map(char::from));
        push_random_base62(&mut key, SECRET_LENGTH)?;
        let checksum = crc32fast::hash(key.as_bytes());
        key.extend(base62::<CHECKSUM_LENGTH>(checksum).map(char::from));
        Ok(Self(key.into()))
    }

    /// The key in `text`, if it has the form and the checksum of one. Any prefix will do: which
    /// prefixes were used is not for a stranger to find out, and the digest decides.
    ///
    /// # Errors
    /// The text, which is no key of ours.
    pub fn parse(text: SecretText) -> Result<Self, SecretText> {
        if Self::is_ours(text.expose().as_bytes()) { Ok(Self(text)) } else { Err(text) }
    }

    fn is_ours(key: &[u8]) -> bool {
        let Some(start) = key.len().checked_sub(BODY_LENGTH) else { return false };
        let fits = (2..=MAX_PREFIX_LENGTH + 1).contains(&start)
            && key[start - 1] == b'_'
            && key[..start].iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
            && key[start..].iter().all(u8::is_ascii_alphanumeric);
        if !fits {
            return false;
        }
        let (signed, checksum) = key.split_at(key.len() - CHECKSUM_LENGTH);
        let expected = base62::<CHECKSUM_LENGTH>(crc32fast::hash(signed));
        expected == checksum
    }

    /// The key itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The bucket of its owner, as the key has it.
    pub fn locator(&self) -> &str {
        let key = self.0.expose();
        let start = key.len() - BODY_LENGTH;
        &key[start..start + LOCATOR_LENGTH]
    }

    /// How it starts: prefix, locator and two characters of the secret.
    pub fn display_start(&self) -> &str {
        let key = self.0.expose();
        &key[..key.len() - BODY_LENGTH + LOCATOR_LENGTH + 2]
    }

    /// Its last four characters, of the checksum.
    pub fn display_end(&self) -> &str {
        let key = self.0.expose();
        &key[key.len() - 4..]
    }
}

/// The bucket of a user, one of 3,844.
fn locator(owner: UserId) -> u32 {
    crc32fast::hash(owner.object_id().as_bytes()) % (62 * 62)
}

/// The last `N` digits of a number.
fn base62<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [0; N];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

/// Bytes of 248 and more are thrown away: 248 is four times 62, so every digit is equally likely.
pub(super) fn push_random_base62(text: &mut String, digits: usize) -> Result<(), CryptoFailed> {
    let mut random = Zeroizing::new([0; 64]);
    let end = text.len() + digits;
    while text.len() < end {
        getrandom::fill(&mut *random).map_err(|_| CryptoFailed)?;
        for byte in random.iter().filter(|byte| **byte < 248).take(end - text.len()) {
            text.push(char::from(BASE62[usize::from(byte % 62)]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keystead_protocol::id::ObjectId;
    use proptest::prelude::*;

    static_assertions::assert_not_impl_any!(KeySecret: Clone, Copy, std::fmt::Display, serde::Serialize);

    fn new_key() -> KeySecret {
        let owner = ObjectId::from_bytes([7; 12]).into();
        KeySecret::generate(&KeyPrefix::default(), owner).unwrap()
    }

    fn parses(text: &str) -> bool {
        KeySecret::parse(text.to_owned().into()).is_ok()
    }

    #[test]
    fn a_new_key_has_the_documented_form_and_parses() {
        let key = new_key();
        let body = key.expose().strip_prefix("ks_user_").unwrap();
        assert_eq!(body.len(), 51);
        assert!(body.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(parses(key.expose()));
        assert_ne!(key.expose(), new_key().expose());
        assert_eq!(key.expose()[8..10], new_key().expose()[8..10], "same owner, same locator");
        assert!(key.expose().starts_with(key.display_start()) && key.display_start().len() == 12);
        assert_eq!(format!("{key:?}"), "KeySecret([secret])");
    }

    #[test]
    fn every_digit_occurs_about_equally_often() {
        let mut counts = [0_u32; 128];
        for _ in 0..500 {
            let key = new_key();
            for b in &key.expose().as_bytes()[10..53] {
                counts[usize::from(*b)] += 1;
            }
        }
        let expected = 500.0 * 43.0 / 62.0;
        for digit in BASE62 {
            let count = f64::from(counts[usize::from(*digit)]);
            // Seven standard deviations: fails by chance less than once in a hundred billion runs.
            assert!((count - expected).abs() < 7.0 * f64::sqrt(expected), "{digit}: {count}");
        }
    }

    #[test]
    fn prefixes_are_checked() {
        for good in ["ks_user", "a", "acme_live_2"] {
            assert!(good.parse::<KeyPrefix>().is_ok(), "{good}");
        }
        for bad in ["", "_a", "a_", "A", "a-b", "ks user", &"a".repeat(33)] {
            assert!(bad.parse::<KeyPrefix>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(position in 0_usize..59, replacement in "[0-9A-Za-z_]") {
            let key = new_key();
            let mut changed = key.expose().to_owned();
            changed.replace_range(position..=position, &replacement);
            prop_assert_eq!(parses(&changed), changed == key.expose());
        }

        #[test]
        fn arbitrary_text_is_no_key(text in "\\PC{0,200}") {
            prop_assert!(!parses(&text));
        }
    }
}
