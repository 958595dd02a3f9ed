//! The audit trail as a whole: read, kept, and told of what no request writes by itself.

use crate::domain::admins;
use crate::domain::audit::by_server;
use crate::domain::throttles::{Failure, News};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::StoreResult;
use crate::store::audit::{Action, Actor, ActorGuard, AuditEvent, AuditFilter, AuditPage, Outcome};
use keystead_protocol::id::AppId;

/// The most events that one page has.
const MAX_PAGE: u32 = 500;
/// So many are deleted in one transaction: soon enough that other writes need not wait long.
const PRUNED_AT_ONCE: u32 = 10_000;

/// Events, newest first.
///
/// # Errors
/// The store's.
pub async fn list(state: &ServerState, filter: AuditFilter, limit: u32) -> Result<AuditPage, Error> {
    Ok(state.store.search_audit_events(filter, limit.clamp(1, MAX_PAGE)).await?)
}

/// Writes the head to the log: a place outside of the database, with which it can be compared later.
///
/// # Errors
/// The store's.
pub async fn note_head(state: &ServerState) -> StoreResult<()> {
    if let Some(head) = state.store.find_audit_head().await? {
        let mac = head.to_string().split(' ').nth(1).unwrap_or_default().to_owned();
        tracing::info!(sequence = head.sequence, head = mac, "the head of the audit trail");
    }
    Ok(())
}

/// Deletes the events that are older than they are to be kept, and returns how many those were.
///
/// # Errors
/// The store's.
pub async fn prune(state: &ServerState) -> StoreResult<u32> {
    let Some(retention) = state.settings.audit_retention else { return Ok(0) };
    let before = state.clock.now().minus(retention);
    let mut total = 0;
    loop {
        let audit = by_server(state, Action::AuditPruned);
        let pruned = state.store.prune_audit_events(before, PRUNED_AT_ONCE, audit).await?;
        total += pruned;
        if pruned < PRUNED_AT_ONCE {
            return Ok(total);
        }
    }
}

/// Records which accounts and addresses have to wait because too many logins failed.
///
/// # Errors
/// The store's.
pub async fn record_throttled(state: &ServerState) -> StoreResult<()> {
    let News { failures, more } = state.throttles.take_news();
    let mut events = Vec::new();
    for failure in failures {
        events.push(throttled(state, failure).await?);
    }
    if more > 0 {
        let subject = format!("{more} more accounts and addresses");
        events.push(by_server(state, Action::LoginThrottled).about(&subject).refused());
    }
    if events.is_empty() { Ok(()) } else { state.store.record_audit_events(events).await }
}

/// An account is named by its user, or else by its identity, and not at all if there is none: what strangers
/// make up, or mistake for the name, a password perhaps, is not kept.
async fn throttled(state: &ServerState, failure: Failure) -> StoreResult<AuditEvent> {
    let Failure { app_id, address, request_id, account } = failure;
    let of_app = app_id != AppId::from(admins::NO_APP);
    let (mut user_id, mut subject) = (None, "address".to_owned());
    if let Some(name) = account {
        "account".clone_into(&mut subject);
        if of_app {
            if let Some(account) = state.store.find_email_account(app_id, &name).await? {
                user_id = account.user_id;
                subject = account.identity_id.to_string();
            }
        } else if let Some(admin) = state.store.find_admin_by_email(&name).await? {
            subject = admin.admin_id.to_string();
        }
    }
    Ok(AuditEvent {
        guard: ActorGuard::None,
        at: crate::clock::Timestamp::from_unix_seconds(request_id.object_id().seconds().into()),
        app_id: of_app.then_some(app_id),
        actor: Actor::Nobody,
        action: Action::LoginThrottled,
        user_id,
        subject: Some(subject),
        address: Some(address),
        request_id: Some(request_id),
        outcome: Outcome::Refused,
    })
}
