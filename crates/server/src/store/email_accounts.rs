//! Email accounts: registration, confirmation, password. An account gets its user at the first login.

use super::StoreResult;
use super::audit::AuditEvent;
use super::outbox::OutboxRecord;
use super::users::{LinkOutcome, NewUser, UserRecord};
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AppId, EmailTokenId, ObjectId, UserId};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAccountRecord {
    /// The application.
    pub app_id: AppId,
    /// The address, as it was registered.
    pub email: String,
    /// What will be the id of the identity.
    pub identity_id: ObjectId,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// The user, once there is one.
    pub user_id: Option<UserId>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Until when it waits for confirmation; `None` once confirmed.
    pub pending_until: Option<Timestamp>,
}

/// What a mailed token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailTokenPurpose {
    /// To confirm a registration.
    Confirm,
    /// To set a new password.
    Reset,
}

impl EmailTokenPurpose {
    /// The name it is stored by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
        }
    }
}

/// A token that was mailed. It works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailTokenRecord {
    /// The public half.
    pub token_id: EmailTokenId,
    /// The application.
    pub app_id: AppId,
    /// The account.
    pub email: String,
    /// What it is for.
    pub purpose: EmailTokenPurpose,
    /// The digest of the secret half.
    pub digest: [u8; 32],
    /// The last second in which it works.
    pub expires_at: Timestamp,
}

/// A token on its way to whoever may use it.
#[derive(Debug, Clone)]
pub struct SentToken {
    /// The token.
    pub token: EmailTokenRecord,
    /// The mail that carries it; none if a function was given it.
    pub mail: Option<OutboxRecord>,
}

/// A mailed token as somebody presents it.
#[derive(Debug, Clone)]
pub struct PresentedToken {
    /// The application.
    pub app_id: AppId,
    /// The public half.
    pub token_id: EmailTokenId,
    /// The digest of the secret half.
    pub digest: [u8; 32],
    /// Now.
    pub now: Timestamp,
}

/// See [`EmailAccountRecord`].
#[async_trait]
pub trait EmailAccountStore {
    /// The account of this address.
    async fn find_email_account(&self, app_id: AppId, email: &str)
    -> StoreResult<Option<EmailAccountRecord>>;

    /// Adds an account, with the token that confirms it if there is one; `false` if the address is taken.
    async fn insert_email_account(
        &self,
        account: EmailAccountRecord,
        token: Option<SentToken>,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Adds a token. Earlier tokens of the account for the same purpose stop working.
    async fn insert_email_token(&self, token: SentToken) -> StoreResult<()>;

    /// Uses up a confirmation token and confirms its account; `false` if there is no such token.
    async fn confirm_email(&self, token: PresentedToken, audit: AuditEvent) -> StoreResult<bool>;

    /// Confirms an account without a token; `false` if there is none of this address.
    async fn confirm_email_account(&self, app_id: AppId, email: &str, audit: AuditEvent)
    -> StoreResult<bool>;

    /// Whether a token would be accepted for `purpose` now, without using it up.
    async fn has_email_token(&self, token: PresentedToken, purpose: EmailTokenPurpose) -> StoreResult<bool>;

    /// Uses up a reset token, sets the password of its account, confirms it (whoever got the mail
    /// owns the address) and ends the sessions opened with the old password.
    /// `false` if there is no such token.
    async fn reset_password(
        &self,
        token: PresentedToken,
        password_hash: String,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Sets the password of an account without a token, and ends the sessions opened with the old one;
    /// `false` if there is no account of this address.
    async fn set_password(
        &self,
        app_id: AppId,
        email: &str,
        password_hash: String,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// Replaces a password hash by a stronger one of the same password, if it still is `old`.
    async fn upgrade_password_hash(
        &self,
        app_id: AppId,
        email: &str,
        old: &str,
        new: String,
    ) -> StoreResult<()>;

    /// The account's user, made from `user` if there is none, of which `audit` tells. `None` if the account is gone, or its
    /// password hash is not `password_hash` any more: then it was reset while the login was verified,
    /// and the login must not count as one that came afterwards.
    async fn open_email_user(
        &self,
        email: &str,
        password_hash: &str,
        user: NewUser,
        audit: AuditEvent,
    ) -> StoreResult<Option<UserRecord>>;

    /// Gives the account to the user of a session who has none, and who is not anonymous from then on. An account
    /// whose password hash is not `password_hash` any more counts as somebody else's.
    async fn link_email_account(
        &self,
        user_id: UserId,
        app_id: AppId,
        email: &str,
        password_hash: &str,
        now: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<LinkOutcome>;
}
