//! What sessions stand on. A session itself is its signed refresh token; only its end is stored.

use super::StoreResult;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{ApiKeyId, AppId, SessionId, UserId};

/// Everything by which a session can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// The user's application.
    pub app_id: AppId,
    /// Whether the user is disabled.
    pub user_disabled: bool,
    /// The user's generation.
    pub user_generation: u32,
    /// Whether the session was logged out.
    pub revoked: bool,
    /// The generation of the user's email identity; 0 without one.
    pub password_generation: u32,
    /// The API key that was asked for, if the user has it.
    pub api_key: Option<ApiKeyState>,
}

/// What of a key decides whether it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyState {
    /// A disabled key does nothing.
    pub disabled: bool,
    /// Raised to end the sessions opened with the key.
    pub generation: u32,
}

/// Makes a write depend on that a session still stands as it was seen to. A request may take its time
/// between the two, and what was revoked meanwhile must not take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionGuard {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The API key that opened it, if one did.
    pub api_key: Option<ApiKeyId>,
    /// What [`SessionStore::find_session_state`] said.
    pub seen: SessionState,
}

/// See [`SessionState`].
#[async_trait]
pub trait SessionStore {
    /// The state behind a session of `user_id`, opened with `api_key` if that is one; `None` if there
    /// is no such user. The answer is never older than the last change that was answered.
    async fn find_session_state(
        &self,
        user_id: UserId,
        session_id: SessionId,
        api_key: Option<ApiKeyId>,
    ) -> StoreResult<Option<SessionState>>;

    /// Ends one session. The record is kept until `expires_at`, when its token ends by itself.
    async fn revoke_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
        expires_at: Timestamp,
        audit: AuditEvent,
    ) -> StoreResult<()>;
}
