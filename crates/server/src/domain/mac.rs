//! HMAC-SHA-256 with keys that are held ready: every login computes three. Not by aws-lc, which signs
//! and seals everything else, because setting its contexts up for one message and wiping them costs as
//! much as hashing the message.

use crate::domain::pepper::CryptoFailed;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key, already hashed into the state that every message starts from. Wiped when dropped.
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// The key of these bytes, which may be of any length.
    ///
    /// # Errors
    /// Never, as HMAC takes them all; but that is not for this function to assert.
    pub fn new(secret: &[u8]) -> Result<Self, CryptoFailed> {
        Hmac::new_from_slice(secret).map(Self).map_err(|_| CryptoFailed)
    }

    /// The tag of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    /// Whether `tag` is that of the message, in a time that tells nothing of the right one.
    pub fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_slice(tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tags_are_those_of_another_library(
            secret in prop::collection::vec(any::<u8>(), 0..200),
            message in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let key = MacKey::new(&secret).unwrap();
            let tag = key.sign(&message);
            let theirs = sign(&Key::new(HMAC_SHA256, &secret), &message);
            prop_assert_eq!(&tag[..], theirs.as_ref());
            prop_assert!(key.verifies(&message, &tag));
            prop_assert!(!key.verifies(&message, &tag[..31]) && !key.verifies(&message, b""));
            let mut other = tag;
            other[usize::from(tag[0]) % 32] ^= 1;
            prop_assert!(!key.verifies(&message, &other));
        }
    }
}
