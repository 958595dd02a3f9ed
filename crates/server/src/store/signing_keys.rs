//! The keys that sign tokens, sealed by the domain before they come here.

use super::StoreResult;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::AppId;
use keystead_protocol::session::TokenType;

/// A signing key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// `kid` in token headers.
    pub key_id: String,
    /// Whose tokens it signs.
    pub app_id: AppId,
    /// Which tokens it signs.
    pub token_type: TokenType,
    /// `EdDSA` or `HS256`.
    pub algorithm: String,
    /// The key material, encrypted.
    pub sealed_key: Vec<u8>,
    /// When it was made. The last to be added of an application, type and algorithm is the one that
    /// signs.
    pub created_at: Timestamp,
}

/// See [`SigningKeyRecord`].
#[async_trait]
pub trait SigningKeyStore {
    /// All keys of all applications, in the order in which they were added.
    async fn list_signing_keys(&self) -> StoreResult<Vec<SigningKeyRecord>>;

    /// Adds a key.
    async fn insert_signing_key(&self, key: SigningKeyRecord) -> StoreResult<()>;
}
