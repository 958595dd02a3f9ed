//! The pepper: 32 secret bytes that live outside the database. From it come the key that API keys
//! are digested with, the one for mailed tokens, and the one that seals what the database must keep
//! but not show. Whoever has only the database has none of them.

use crate::domain::mac::MacKey;
use crate::store::audit::AuditChain;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use keystead_protocol::id::AppId;
use zeroize::Zeroizing;

/// See the module. Everything is derived at start-up; the pepper itself is not kept.
pub struct Pepper {
    api_keys: MacKey,
    foreign_keys: MacKey,
    mailed_tokens: MacKey,
    admin_keys: MacKey,
    admin_tokens: Zeroizing<[u8; 32]>,
    audit: Zeroizing<[u8; 32]>,
    sealing: LessSafeKey,
}

/// Sealed bytes could not be opened: they are damaged, or were sealed under another pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data does not open under this pepper")]
pub struct CannotOpen;

/// No random bytes, or the cryptography library refused to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random source or the cryptography library failed")]
pub struct CryptoFailed;

impl Pepper {
    /// Derives the keys.
    ///
    /// # Errors
    /// When the cryptography library refuses.
    pub fn new(secret: &[u8; 32]) -> Result<Self, CryptoFailed> {
        let root = MacKey::new(secret)?;
        let derive = |label: &str| Zeroizing::new(root.sign(label.as_bytes()));
        let sealing = UnboundKey::new(&AES_256_GCM, &*derive("keystead sealing 1"));
        Ok(Self {
            api_keys: MacKey::new(&*derive("keystead api key digests 1"))?,
            foreign_keys: MacKey::new(&*derive("keystead foreign keys 1"))?,
            mailed_tokens: MacKey::new(&*derive("keystead mailed token digests 1"))?,
            admin_keys: MacKey::new(&*derive("keystead admin key digests 1"))?,
            admin_tokens: derive("keystead admin tokens 1"),
            audit: derive("keystead audit chain 1"),
            sealing: LessSafeKey::new(sealing.map_err(|_| CryptoFailed)?),
        })
    }

    /// What is stored of an API key.
    pub fn digest_api_key(&self, key: &str) -> [u8; 32] {
        self.api_keys.sign(key.as_bytes())
    }

    /// What is stored of an API key that another system handed out, once it has logged in here. The same
    /// key may have been imported into more than one application.
    pub fn digest_adopted_key(&self, app_id: AppId, key: &str) -> [u8; 32] {
        let message = [b"key\0", app_id.object_id().as_bytes().as_slice(), key.as_bytes()].concat();
        self.foreign_keys.sign(&Zeroizing::new(message))
    }

    /// What is stored of the hash that another system made of an API key.
    pub fn digest_foreign_hash(&self, algorithm: &str, hash: &[u8]) -> [u8; 32] {
        self.foreign_keys.sign(&[b"hash\0", algorithm.as_bytes(), b"\0", hash].concat())
    }

    /// By what another system's HMAC key is told from others.
    pub fn fingerprint_hmac_key(&self, key: &[u8]) -> [u8; 32] {
        self.foreign_keys.sign(&Zeroizing::new([b"hmac key\0", key].concat()))
    }

    /// What is stored of a mailed token.
    pub fn digest_mailed_token(&self, token: &str) -> [u8; 32] {
        self.mailed_tokens.sign(token.as_bytes())
    }

    /// What is stored of the private key of an administrator.
    pub fn digest_admin_key(&self, private_key: &str) -> [u8; 32] {
        self.admin_keys.sign(private_key.as_bytes())
    }

    /// Whether this is the private key that `digest` was made of. Takes as long either way.
    pub fn is_admin_key(&self, private_key: &str, digest: &[u8; 32]) -> bool {
        self.admin_keys.verifies(private_key.as_bytes(), digest)
    }

    /// What links the rows of the audit trail.
    ///
    /// # Errors
    /// When the cryptography library refuses.
    pub fn audit_chain(&self) -> Result<AuditChain, CryptoFailed> {
        let key = MacKey::new(&*self.audit)?;
        Ok(AuditChain::new(move |message| key.sign(message)))
    }

    /// What administrators' tokens are signed with.
    pub fn admin_token_secret(&self) -> &[u8; 32] {
        &self.admin_tokens
    }

    /// Encrypts `plain` for `purpose`; it opens only for the same purpose.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoFailed> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| CryptoFailed)?;
        let mut sealed = plain.to_vec();
        self.sealing
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| CryptoFailed)?;
        sealed.splice(..0, nonce);
        Ok(sealed)
    }

    /// Decrypts what [`Pepper::seal`] made for the same purpose.
    ///
    /// # Errors
    /// When it was sealed for something else, under another pepper, or is damaged.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(CannotOpen)?;
        let mut plain = Zeroizing::new(rest.to_vec());
        let length = self
            .sealing
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(purpose.as_bytes()),
                plain.as_mut_slice(),
            )
            .map_err(|_| CannotOpen)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_data_opens_only_for_its_purpose_and_pepper() {
        let pepper = Pepper::new(&[1; 32]).unwrap();
        let sealed = pepper.seal("mail", b"hello").unwrap();
        assert_eq!(pepper.open("mail", &sealed).unwrap().as_slice(), b"hello");
        assert!(!sealed.windows(5).any(|window| window == b"hello"));
        assert_eq!(pepper.open("key", &sealed).unwrap_err(), CannotOpen);
        assert_eq!(Pepper::new(&[2; 32]).unwrap().open("mail", &sealed).unwrap_err(), CannotOpen);
        for end in 0..sealed.len() {
            assert!(pepper.open("mail", &sealed[..end]).is_err());
        }
    }

    #[test]
    fn a_digest_depends_on_the_pepper_and_on_what_is_digested() {
        let pepper = Pepper::new(&[1; 32]).unwrap();
        assert_ne!(pepper.digest_api_key("k"), pepper.digest_mailed_token("k"));
        assert_ne!(pepper.digest_api_key("k"), Pepper::new(&[2; 32]).unwrap().digest_api_key("k"));
    }
}
