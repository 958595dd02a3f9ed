//! The audit trail: what was done, by whom, from where. It is only ever appended to. Writes that are to
//! be remembered take their [`AuditEvent`] along and store it in their own transaction, so that there
//! is no deed without its record, and no record without its deed.

use super::StoreResult;
use super::sessions::SessionGuard;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId, RequestId, SessionId, UserId};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

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
    /// What must still stand for it to be done. This is not stored.
    pub guard: ActorGuard,
}

/// Makes a write depend on that whoever asks for it may still do so. A request may take its time between that
/// it is authenticated and that it writes, and nothing that was revoked meanwhile may take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorGuard {
    /// Nobody's session is behind it.
    None,
    /// The session of a user.
    Session(SessionGuard),
    /// The session of an administrator.
    Admin(AdminGuard),
}

/// A session of an administrator, as it was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminGuard {
    /// The account or key pair.
    pub admin_id: AdminId,
    /// The session.
    pub session_id: SessionId,
    /// The generation of the account then.
    pub generation: u32,
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
    /// An administrator logged in, or failed to.
    AdminLoggedIn = "admin.logged_in",
    /// An administrator logged out.
    AdminLoggedOut = "admin.logged_out",
    /// A key pair for the admin API was made.
    AdminKeyCreated = "admin_key.created",
    /// A key pair for the admin API was deleted.
    AdminKeyDeleted = "admin_key.deleted",
    /// A server API key was made, with its user.
    ServerKeyCreated = "server_key.created",
    /// A server API key was enabled.
    ServerKeyEnabled = "server_key.enabled",
    /// A server API key was disabled.
    ServerKeyDisabled = "server_key.disabled",
    /// A server API key was deleted, with its user.
    ServerKeyDeleted = "server_key.deleted",
    /// The email address of a user was changed.
    UserEmailChanged = "user.email_changed",
    /// An email account was given a new token to confirm it with.
    EmailAccountConfirmationSent = "email_account.confirmation_sent",
    /// An email account that waited for its confirmation was deleted.
    EmailAccountDeleted = "email_account.deleted",
    /// An application was made.
    AppCreated = "app.created",
    /// An application was deleted.
    AppDeleted = "app.deleted",
    /// A setting of an application was changed.
    AppSettingsUpdated = "app.settings_updated",
    /// A provider, function, value or the like was added to an application.
    AppItemCreated = "app.item_created",
    /// A provider, function, value or the like of an application was changed.
    AppItemUpdated = "app.item_updated",
    /// A provider, function, value or the like was taken from an application.
    AppItemDeleted = "app.item_deleted",
    /// An application was made what it was before.
    AppRedeployed = "app.redeployed",
    /// A draft of changes was begun.
    DraftCreated = "draft.created",
    /// A draft was thrown away.
    DraftDeleted = "draft.deleted",
    /// A draft took effect.
    DraftDeployed = "draft.deployed",
    /// A secret was added to an application.
    SecretCreated = "secret.created",
    /// A secret of an application was replaced.
    SecretUpdated = "secret.updated",
    /// A secret was taken from an application.
    SecretDeleted = "secret.deleted",
    /// An administrator called a function.
    FunctionDebugged = "function.debugged",
    /// An email account was registered.
    EmailAccountRegistered = "email_account.registered",
    /// An email account was confirmed.
    EmailAccountConfirmed = "email_account.confirmed",
    /// Registrations that nobody confirmed were forgotten; the subject says how many.
    EmailAccountsExpired = "email_accounts.expired",
    /// A user was made, at their first login or by an administrator.
    UserCreated = "user.created",
    /// Anonymous users who were long not seen were deleted; the subject says how many.
    AnonymousUsersExpired = "anonymous_users.expired",
    /// The first login of a day with a key, or of a user without one, from a network.
    LoginSucceeded = "login.succeeded",
    /// The first login with an API key from a network.
    ApiKeyFirstUsedFromNetwork = "api_key.first_used_from_network",
    /// So many logins failed that an account or an address has to wait.
    LoginThrottled = "login.throttled",
    /// The password of the administrator was set.
    AdminPasswordSet = "admin.password_set",
    /// The oldest events were deleted; the subject says which was the last of them.
    AuditPruned = "audit.pruned",
}

/// Computes the mac of a row from the one before it and the row's contents.
pub struct AuditChain(Box<Link>);

type Link = dyn Fn(&[u8]) -> [u8; 32] + Send + Sync;

impl AuditChain {
    /// A chain whose links are what `mac` makes of a message.
    pub fn new(mac: impl Fn(&[u8]) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Box::new(mac))
    }

    /// What tells this chain from one of another pepper. No row has it: rows' messages are longer.
    pub fn tag(&self) -> [u8; 32] {
        (self.0)(b"audit chain")
    }

    /// The mac of row `sequence`, which says `event` and follows the row with mac `previous`.
    pub fn link(&self, previous: &[u8; 32], sequence: i64, event: &AuditEvent) -> [u8; 32] {
        let (actor, actor_id) = event.actor.stored();
        let address = event.address.map(|address| address.to_string());
        let fields = [
            event.app_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()),
            Some(actor.as_bytes()),
            actor_id.as_ref().map(<[u8; 12]>::as_slice),
            Some(event.action.as_str().as_bytes()),
            event.user_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()),
            event.subject.as_deref().map(str::as_bytes),
            address.as_deref().map(str::as_bytes),
            event.request_id.as_ref().map(|id| id.object_id().as_bytes().as_slice()),
            Some(event.outcome.as_str().as_bytes()),
        ];
        self.mac(previous, sequence, event.at.unix_seconds(), fields)
    }

    /// The mac that a row should have which follows the one with mac `previous`.
    pub fn link_row(&self, previous: &[u8; 32], row: &AuditRow) -> [u8; 32] {
        let fields = [
            &row.app_id,
            &row.actor,
            &row.actor_id,
            &row.action,
            &row.user_id,
            &row.subject,
            &row.address,
            &row.request_id,
            &row.outcome,
        ];
        self.mac(previous, row.sequence, row.at, fields.map(Option::as_deref))
    }

    fn mac(&self, previous: &[u8; 32], sequence: i64, at: i64, fields: [Option<&[u8]>; 9]) -> [u8; 32] {
        let mut message = previous.to_vec();
        // Every field is preceded by its length, so that no two rows have the same message.
        let mut field = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            message.extend(length.to_be_bytes());
            message.extend(bytes.unwrap_or_default());
        };
        field(Some(&sequence.to_be_bytes()));
        field(Some(&at.to_be_bytes()));
        fields.into_iter().for_each(field);
        (self.0)(&message)
    }
}

/// A place in the trail: a row, by its number and its mac.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace {
    /// Counts from one; `0` for before the first.
    pub sequence: i64,
    /// The row's.
    pub mac: [u8; 32],
}

impl AuditPlace {
    /// What the first row follows.
    pub const START: Self = Self { sequence: 0, mac: [0; 32] };
}

/// `4711 <64 hexadecimal digits>`: the subject of [`Action::AuditPruned`].
impl fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.sequence)?;
        self.mac.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for AuditPlace {
    type Err = NoAuditPlace;

    fn from_str(text: &str) -> Result<Self, NoAuditPlace> {
        let (sequence, mac) = text.split_once(' ').ok_or(NoAuditPlace)?;
        Ok(Self {
            sequence: sequence.parse().map_err(|_| NoAuditPlace)?,
            mac: parse_mac(mac).ok_or(NoAuditPlace)?,
        })
    }
}

/// A text says no [`AuditPlace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAuditPlace;

/// A mac of 64 hexadecimal digits.
pub fn parse_mac(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut mac = [0; 32];
    if digits.len() != 2 * mac.len() {
        return None;
    }
    for (byte, pair) in mac.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(mac)
}

/// A row as it is stored, also if no version of Keystead would have stored that. Of texts the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of an event")]
pub struct AuditRow {
    pub sequence: i64,
    pub at: i64,
    pub app_id: Option<Vec<u8>>,
    pub actor: Option<Vec<u8>>,
    pub actor_id: Option<Vec<u8>>,
    pub action: Option<Vec<u8>>,
    pub user_id: Option<Vec<u8>>,
    pub subject: Option<Vec<u8>>,
    pub address: Option<Vec<u8>>,
    pub request_id: Option<Vec<u8>>,
    pub outcome: Option<Vec<u8>>,
    pub mac: Option<Vec<u8>>,
}

/// Which events are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this application.
    pub app_id: Option<AppId>,
    /// About this user.
    pub user_id: Option<UserId>,
    /// Of this action, by its name.
    pub action: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// Of earlier rows than this one.
    pub before: Option<i64>,
}

/// Some of the events that were asked for, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The events.
    pub rows: Vec<AuditRow>,
    /// Where to go on, if that may find more.
    pub next_before: Option<i64>,
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

    /// The newest events that `filter` lets through, at most `limit`. Looks only at so many as a reader
    /// may be kept for, and says where to go on.
    async fn search_audit_events(&self, filter: AuditFilter, limit: u32) -> StoreResult<AuditPage>;

    /// The rows after the one of this number, or all from the very first, in their order; at most `limit`.
    async fn list_audit_rows(&self, after: Option<i64>, limit: u32) -> StoreResult<Vec<AuditRow>>;

    /// What the first row that is kept follows, according to the last pruning that is recorded.
    async fn find_audit_start(&self) -> StoreResult<AuditPlace>;

    /// The newest row; `None` if there is none, or its mac is none.
    async fn find_audit_head(&self) -> StoreResult<Option<AuditPlace>>;

    /// Whether the trail was begun with the chain of this tag.
    async fn has_audit_tag(&self, tag: [u8; 32]) -> StoreResult<bool>;

    /// Deletes the oldest rows, at most `limit`, up to the first that is not from before `before`, and
    /// appends `audit`, completed with where the trail begins now. Returns how many went.
    async fn prune_audit_events(&self, before: Timestamp, limit: u32, audit: AuditEvent) -> StoreResult<u32>;
}
