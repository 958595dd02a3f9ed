//! What is remembered of who did what. Rules make an [`AuditEvent`] and give it to the store with the
//! change that it describes.

pub mod trail;
mod verification;

pub use verification::{Broken, Expectation, Verification, verify};

use crate::app_config::App;
use crate::domain::admins::Administrator;
use crate::domain::sessions::Session;
use crate::state::{Client, ServerState};
use crate::store::audit::{Action, Actor, ActorGuard, AuditEvent, Outcome};
use crate::store::users::NewUser;
use keystead_protocol::id::UserId;

/// Something that the user of a session does about themselves.
pub fn by_user(state: &ServerState, session: &Session, client: &Client<'_>, action: Action) -> AuditEvent {
    AuditEvent {
        actor: Actor::User(session.user_id),
        user_id: Some(session.user_id),
        guard: ActorGuard::Session(session.guard()),
        ..by_nobody(state, &session.app, client, action)
    }
}

/// Something that is done by a request which does not prove who sends it.
pub fn by_nobody(state: &ServerState, app: &App, client: &Client<'_>, action: Action) -> AuditEvent {
    AuditEvent {
        at: state.clock.now(),
        app_id: Some(app.ids.app_id),
        actor: Actor::Nobody,
        action,
        user_id: None,
        subject: None,
        address: Some(client.address),
        request_id: Some(client.request_id),
        outcome: Outcome::Done,
        guard: ActorGuard::None,
    }
}

/// That a user is made, at their first login.
pub fn user_created(state: &ServerState, app: &App, client: &Client<'_>, user: &NewUser) -> AuditEvent {
    AuditEvent {
        actor: Actor::User(user.user_id),
        user_id: Some(user.user_id),
        subject: Some(user.identity.provider_type.to_string()),
        ..by_nobody(state, app, client, Action::UserCreated)
    }
}

/// Something that an administrator does, about an application if there is one.
pub fn by_admin(state: &ServerState, admin: &Administrator, app: Option<&App>, action: Action) -> AuditEvent {
    AuditEvent {
        at: state.clock.now(),
        app_id: app.map(|app| app.ids.app_id),
        actor: Actor::Admin(admin.admin_id),
        action,
        user_id: None,
        subject: None,
        address: Some(admin.address),
        request_id: Some(admin.request_id),
        outcome: Outcome::Done,
        guard: ActorGuard::Admin(admin.guard),
    }
}

/// Something that is asked of the whole server by a request which does not prove who sends it.
pub fn by_stranger(state: &ServerState, client: &Client<'_>, action: Action) -> AuditEvent {
    AuditEvent {
        actor: Actor::Nobody,
        address: Some(client.address),
        request_id: Some(client.request_id),
        ..by_server(state, action)
    }
}

/// Something that the server does by itself, or on behalf of who starts it.
pub fn by_server(state: &ServerState, action: Action) -> AuditEvent {
    AuditEvent {
        at: state.clock.now(),
        app_id: None,
        actor: Actor::Server,
        action,
        user_id: None,
        subject: None,
        address: None,
        request_id: None,
        outcome: Outcome::Done,
        guard: ActorGuard::None,
    }
}

impl AuditEvent {
    /// The same, about this user.
    #[must_use]
    pub fn about_user(self, user_id: UserId) -> Self {
        Self { user_id: Some(user_id), ..self }
    }

    /// The same, about the thing of this id or name.
    #[must_use]
    pub fn about(self, subject: &impl ToString) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }

    /// The same, as something that was refused.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { outcome: Outcome::Refused, ..self }
    }
}
