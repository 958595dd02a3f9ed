//! The audit trail: what was done, by whom, from where. It is only ever appended to. Writes that are to
//! be remembered take their [`AuditEvent`] along and store it in their own transaction, so that there
//! is no deed without its record, and no record without its deed.

use super::StoreResult;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId, RequestId, UserId};
use std::net::IpAddr;

/// Something that is to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// In which application, if in one.
    pub app_id: Option<AppId>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// The user whom it is about.
    pub user_id: Option<UserId>,
    /// The id or name of the thing that it is about. Never a secret.
    pub subject: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// The request, as log and answer name it.
    pub request_id: Option<RequestId>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// An administrator.
    Admin(AdminId),
    /// A user, by a session of theirs.
    User(UserId),
    /// Somebody who did not prove who they are: by a mailed token, or by failing to log in.
    Nobody,
    /// The server by itself, or whoever starts it.
    Server,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was attempted, and refused.
    Refused,
}

impl Outcome {
    /// The name it is stored and shown by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What is remembered.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name it is stored and shown by.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    /// An API key was made.
    ApiKeyCreated = "api_key.created",
    /// An API key was enabled.
    ApiKeyEnabled = "api_key.enabled",
    /// An API key was disabled.
    ApiKeyDisabled = "api_key.disabled",
    /// An API key was deleted.
    ApiKeyDeleted = "api_key.deleted",
    /// A session was logged out.
    SessionRevoked = "session.revoked",
    /// All sessions of a user were ended.
    UserSessionsRevoked = "user.sessions_revoked",
    /// A user was enabled.
    UserEnabled = "user.enabled",
    /// A user was disabled.
    UserDisabled = "user.disabled",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// An identity was linked to a user.
    IdentityLinked = "user.identity_linked",
    /// The password of an email account was changed.
    PasswordChanged = "password.changed",
    /// Users were imported; the subject says how many.
    UsersImported = "users.imported",
    /// API keys were imported; the subject says how many.
    ApiKeysImported = "api_keys.imported",
    /// A backup was taken.
    BackupTaken = "backup.taken",
    /// The password of the administrator was set.
    AdminPasswordSet = "admin.password_set",
}

/// Computes the mac of a row from the one before it and the row's contents.
pub struct AuditChain(Box<Link>);

type Link = dyn Fn(&[u8]) -> [u8; 32] + Send + Sync;

impl AuditChain {
    /// What the first row follows.
    pub const START: [u8; 32] = [0; 32];

    /// A chain whose links are what `mac` makes of a message.
    pub fn new(mac: impl Fn(&[u8]) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Box::new(mac))
    }

    /// The mac of row `sequence`, which says `event` and follows the row with mac `previous`.
    pub fn link(&self, previous: &[u8; 32], sequence: i64, event: &AuditEvent) -> [u8; 32] {
        let (actor, actor_id) = event.actor.stored();
        let mut message = previous.to_vec();
        // Every field is preceded by its length, so that no two rows have the same message.
        let mut field = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            message.extend(length.to_be_bytes());
            message.extend(bytes.unwrap_or_default());
        };
        field(Some(&sequence.to_be_bytes()));
        field(Some(&event.at.unix_seconds().to_be_bytes()));
        field(event.app_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()));
        field(Some(actor.as_bytes()));
        field(actor_id.as_ref().map(<[u8; 12]>::as_slice));
        field(Some(event.action.as_str().as_bytes()));
        field(event.user_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()));
        field(event.subject.as_deref().map(str::as_bytes));
        field(event.address.map(|address| address.to_string()).as_deref().map(str::as_bytes));
        field(event.request_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()));
        field(Some(event.outcome.as_str().as_bytes()));
        (self.0)(&message)
    }
}

impl Actor {
    /// The name and id that it is stored by.
    pub fn stored(self) -> (&'static str, Option<[u8; 12]>) {
        match self {
            Self::Admin(id) => ("admin", Some(*id.object_id().as_bytes())),
            Self::User(id) => ("user", Some(*id.object_id().as_bytes())),
            Self::Nobody => ("nobody", None),
            Self::Server => ("server", None),
        }
    }
}

/// See [`AuditEvent`].
#[async_trait]
pub trait AuditStore {
    /// Appends what happened without changing anything else: a failure, for one.
    async fn record_audit_events(&self, events: Vec<AuditEvent>) -> StoreResult<()>;
}
