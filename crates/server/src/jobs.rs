//! Timed work in the background: mails, usage, expiry, the audit trail, new signing keys, changed folders. Each failure
//! is logged and tried again at the next turn.

use crate::domain::audit::{self, trail};
use crate::domain::{mailing, signing_keys};
use crate::start::{Watch, reload_when_wanted};
use crate::state::ServerState;
use crate::store::StoreError;
use crate::store::audit::Action;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const FLUSH_USAGE: Duration = Duration::from_secs(30);
const RETRY_MAILS: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_mins(1);
const RENEW_KEYS: Duration = Duration::from_hours(1);
const KEEP_AUDIT_TRAIL: Duration = Duration::from_hours(24);
const SWEEP_BATCH: u32 = 200;
/// An anonymous user who was not seen for so long is deleted (protocol §2.5).
const ANONYMOUS_USER_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// Starts all jobs. They run until aborted.
pub(crate) fn start(state: &Arc<ServerState>, watch: Watch) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(send_mails(Arc::clone(state))),
        tokio::spawn(flush_usage(Arc::clone(state))),
        tokio::spawn(sweep(Arc::clone(state))),
        tokio::spawn(renew_keys(Arc::clone(state))),
        tokio::spawn(keep_audit_trail(Arc::clone(state))),
        tokio::spawn(reload_when_wanted(Arc::clone(state), watch)),
    ]
}

async fn send_mails(state: Arc<ServerState>) {
    loop {
        log_failure("sending mails", mailing::send_due(&state).await);
        let _ = tokio::time::timeout(RETRY_MAILS, state.mail_waits.notified()).await;
    }
}

async fn flush_usage(state: Arc<ServerState>) {
    loop {
        tokio::time::sleep(FLUSH_USAGE).await;
        log_failure("writing usage", flush_once(&state).await);
    }
}

/// Writes what was collected in memory: who was seen when, from where, and who has to wait.
///
/// # Errors
/// The store's.
pub async fn flush_once(state: &ServerState) -> Result<(), StoreError> {
    let throttled = trail::record_throttled(state).await;
    state.usage.flush(state.store.as_ref()).await?;
    throttled
}

async fn keep_audit_trail(state: Arc<ServerState>) {
    loop {
        log_failure("keeping the audit trail", keep_audit_trail_once(&state).await);
        tokio::time::sleep(KEEP_AUDIT_TRAIL).await;
    }
}

/// Notes the head of the audit trail in the log, and deletes events that are old enough.
///
/// # Errors
/// The store's.
pub async fn keep_audit_trail_once(state: &ServerState) -> Result<u32, StoreError> {
    let pruned = trail::prune(state).await?;
    trail::note_head(state).await?;
    Ok(pruned)
}

async fn sweep(state: Arc<ServerState>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        log_failure("deleting what expired", sweep_once(&state).await);
    }
}

/// Deletes everything that has expired, in batches that let other writes in between.
///
/// # Errors
/// The store's.
pub async fn sweep_once(state: &ServerState) -> Result<u32, StoreError> {
    // Who was just seen must not be taken for long gone.
    state.usage.flush(state.store.as_ref()).await?;
    let mut total = 0;
    loop {
        let now = state.clock.now();
        let audit = audit::by_server(state, Action::AnonymousUsersExpired);
        let long_gone = now.minus(ANONYMOUS_USER_LIFETIME);
        let deleted = state.store.delete_expired(now, long_gone, SWEEP_BATCH, audit).await?;
        state.metrics.rows_swept.inc_by(deleted.into());
        total += deleted;
        if deleted < SWEEP_BATCH {
            return Ok(total);
        }
    }
}

async fn renew_keys(state: Arc<ServerState>) {
    loop {
        tokio::time::sleep(RENEW_KEYS).await;
        for app in state.apps().iter() {
            match signing_keys::renew(&state, app.ids.app_id, false).await {
                Ok(0) => {}
                Ok(made) => tracing::info!(app.id = app.ids.client_app_id, made, "signing keys were renewed"),
                Err(error) => tracing::error!(%error, "signing keys could not be renewed"),
            }
        }
    }
}

fn log_failure<T>(what: &str, result: Result<T, StoreError>) {
    match result {
        Ok(_) | Err(StoreError::Closed) => {}
        Err(error) => tracing::error!(%error, "{what} failed; it will be tried again"),
    }
}
