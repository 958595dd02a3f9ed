//! API keys that another system handed out, known by a hash of its making until their first login.

use super::StoreResult;
use super::api_keys::{ApiKeyLogin, SecretRecord};
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId, UserId};

/// A key to be taken over.
#[derive(Debug, Clone)]
pub struct ImportedKey {
    /// The owner.
    pub user_id: UserId,
    /// The id.
    pub key_id: ApiKeyId,
    /// Whether the other system had given that id.
    pub id_given: bool,
    /// Unique among the user's keys.
    pub name: String,
    /// A disabled key does not log in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Of the other system's hash, under the pepper.
    pub digest: [u8; 32],
    /// What it looks like.
    pub shape: ForeignKeyShape,
}

/// What keys of another system look like, and how they were hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKeyShape {
    /// How they start.
    pub prefix: String,
    /// How long they are, prefix included.
    pub length: u32,
    /// What the rest is made of: a name, or the characters.
    pub alphabet: String,
    /// The name of the algorithm.
    pub algorithm: String,
    /// The fingerprint of the key of an HMAC.
    pub hmac_key: Option<[u8; 32]>,
}

/// The key of an HMAC, sealed by the domain before it comes here.
#[derive(Debug, Clone)]
pub struct ForeignHmacKey {
    /// Tells it from others.
    pub fingerprint: [u8; 32],
    /// The key, encrypted.
    pub sealed_key: Vec<u8>,
}

/// Shapes and keys of all applications.
#[derive(Debug, Default)]
pub struct ForeignKeyFormats {
    /// The shapes.
    pub shapes: Vec<(AppId, ForeignKeyShape)>,
    /// The keys of HMACs.
    pub hmac_keys: Vec<(AppId, ForeignHmacKey)>,
}

/// How many there may be.
#[derive(Debug, Clone, Copy)]
pub struct ImportKeyLimits {
    /// Keys of a user.
    pub keys_per_user: u32,
    /// Shapes of an application.
    pub shapes: u32,
}

/// What became of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKeyOutcome {
    /// Stored.
    Imported,
    /// It was there.
    Unchanged,
    /// The application has no such user.
    NoSuchUser,
    /// The user is anonymous.
    AnonymousOwner,
    /// The user has another key of that name.
    NameTaken,
    /// The user has another key of that id.
    IdTaken,
    /// The same hash was imported for another key.
    HashTaken,
    /// The user has as many keys as allowed.
    LimitReached,
    /// The application has as many shapes as allowed.
    TooManyShapes,
}

/// See [`ImportedKey`].
#[async_trait]
pub trait ForeignKeyStore {
    /// Stores those keys that are not there and in nobody's way, in one transaction, and says of each what
    /// became of it. `audit` is recorded once, with how many there were. With `dry_run` nothing is kept.
    async fn import_api_keys(
        &self,
        app_id: AppId,
        keys: Vec<ImportedKey>,
        hmac_key: Option<ForeignHmacKey>,
        limits: ImportKeyLimits,
        dry_run: bool,
        audit: AuditEvent,
    ) -> StoreResult<Vec<ImportKeyOutcome>>;

    /// The formats of all imported keys.
    async fn list_foreign_key_formats(&self) -> StoreResult<ForeignKeyFormats>;

    /// Whose key has this digest and did not log in yet.
    async fn find_foreign_key_login(
        &self,
        app_id: AppId,
        digest: &[u8; 32],
    ) -> StoreResult<Option<ApiKeyLogin>>;

    /// Gives an imported key a secret of ours, by which it is found from now on; `false` if it is not there
    /// any more, or has one.
    async fn rehash_foreign_key(
        &self,
        app_id: AppId,
        digest: [u8; 32],
        secret: SecretRecord,
        now: Timestamp,
    ) -> StoreResult<bool>;
}
