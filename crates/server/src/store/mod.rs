//! Persistence. One trait per noun, joined in [`Store`]; one folder per engine. One method is one
//! transaction: it happens whole or not at all, and when it returns it is on disk. No rules live here
//! beyond that, and no engine's types leave its folder.

pub mod admin_keys;
pub mod administered_accounts;
pub mod admins;
pub mod api_keys;
pub mod app_definitions;
pub mod apps;
pub mod audit;
pub mod backup;
pub mod email_accounts;
pub mod foreign_keys;
pub mod imports;
pub mod networks;
pub mod outbox;
pub mod server_keys;
pub mod sessions;
pub mod signing_keys;
pub mod sqlite;
pub mod sweep;
pub mod users;

/// Everything an engine must do.
pub trait Store:
    admin_keys::AdminKeyStore
    + administered_accounts::AdministeredAccountStore
    + admins::AdminStore
    + api_keys::ApiKeyStore
    + app_definitions::AppDefinitionStore
    + apps::AppStore
    + audit::AuditStore
    + backup::BackupStore
    + email_accounts::EmailAccountStore
    + foreign_keys::ForeignKeyStore
    + imports::ImportStore
    + outbox::OutboxStore
    + server_keys::ServerKeyStore
    + sessions::SessionStore
    + signing_keys::SigningKeyStore
    + sweep::SweepStore
    + users::UserStore
    + Send
    + Sync
{
    /// Whether the store can be read and written.
    ///
    /// # Errors
    /// It cannot.
    fn check(&self) -> StoreResult<()>;

    /// Ends all writing and leaves the files tidy. Later calls fail with [`StoreError::Closed`].
    fn close(&self);
}

/// Why the store could not answer. What was asked for and is not there is never an error, but `None`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server is shutting down.
    #[error("the store is closed")]
    Closed,
    /// More writes wait than can be held.
    #[error("too many writes are waiting")]
    Busy,
    /// The session that asked for a write has ended meanwhile.
    #[error("the session has ended meanwhile")]
    ActorGone,
    /// The engine failed: disk full, file damaged, …
    #[error("the store failed: {0}")]
    Engine(String),
    /// A row holds what no version of Keystead writes.
    #[error("the store holds a value that cannot be read: {0}")]
    Corrupt(String),
}

/// What a store method returns.
pub type StoreResult<T> = Result<T, StoreError>;
