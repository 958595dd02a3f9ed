//! What administrators do about email accounts: make a user with one, change an address, see and decide
//! registrations that wait for their confirmation.

use super::StoreResult;
use super::audit::AuditEvent;
use super::email_accounts::{EmailAccountRecord, SentToken};
use super::users::{NewUser, UserRecord};
use async_trait::async_trait;
use keystead_protocol::id::{AppId, ObjectId, UserId};

/// What became of an attempt to change an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetEmailOutcome {
    /// It is the user's now.
    Set,
    /// An account has it.
    Taken,
    /// The user has no email account.
    NoAccount,
    /// The application has no such user.
    NoSuchUser,
}

/// See the module. Methods about an account return whether there is one that waits for its confirmation.
#[async_trait]
pub trait AdministeredAccountStore {
    /// Adds an account with its user; `None` if the address is taken.
    async fn insert_email_user(
        &self,
        account: EmailAccountRecord,
        user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<Option<UserRecord>>;

    /// Gives a user's account another address. Tokens that were mailed to the old one stop working.
    async fn set_user_email(
        &self,
        app_id: AppId,
        user_id: UserId,
        email: String,
        audit: AuditEvent,
    ) -> StoreResult<SetEmailOutcome>;

    /// Accounts that wait for their confirmation, in order of their identities' ids, at most `limit`, after
    /// `after`.
    async fn list_pending_email_accounts(
        &self,
        app_id: AppId,
        after: Option<ObjectId>,
        limit: u32,
    ) -> StoreResult<Vec<EmailAccountRecord>>;

    /// Confirms an account.
    async fn confirm_pending_email_account(
        &self,
        app_id: AppId,
        email: &str,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Gives an account a new token to confirm it with. Earlier ones stop working.
    async fn insert_confirmation_token(&self, token: SentToken, audit: AuditEvent) -> StoreResult<bool>;

    /// Deletes an account.
    async fn delete_pending_email_account(
        &self,
        app_id: AppId,
        email: &str,
        audit: AuditEvent,
    ) -> StoreResult<bool>;
}
