//! From where users log in, in SQLite: what of it is new, and goes to the audit trail.

use super::columns;
use super::writer::Transaction;
use crate::store::audit::{Action, Actor, ActorGuard, AuditEvent, Outcome};
use crate::store::networks::Sighting;
use keystead_protocol::id::{ApiKeyId, UserId};
use rusqlite::{Connection, params};

/// So many networks are remembered of each key, and of each user without one.
const KNOWN_NETWORKS: u32 = 32;
const SECONDS_OF_A_DAY: i64 = 24 * 3600;

/// Records a login if it is the first of its day with this credential from this network, and besides if
/// it is the first ever with this key.
pub(super) fn record_sighting(
    transaction: &Transaction<'_>,
    user_id: UserId,
    key_id: Option<ApiKeyId>,
    sighting: &Sighting,
) -> rusqlite::Result<()> {
    let key = key_id.as_ref().map_or(&[][..], |key_id| key_id.object_id().as_bytes());
    let network = sighting.network.to_string();
    let recorded_at: Option<i64> = columns::scalar(
        transaction,
        "SELECT recorded_at FROM known_networks WHERE user_id = ?1 AND key_id = ?2 AND network = ?3",
        params![user_id.object_id().as_bytes(), key, network],
    )?;
    let at = sighting.at.unix_seconds();
    let day = |seconds: i64| seconds.div_euclid(SECONDS_OF_A_DAY);
    if recorded_at.is_some_and(|recorded_at| day(recorded_at) >= day(at)) {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "INSERT INTO known_networks (user_id, key_id, network, recorded_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, key_id, network) DO UPDATE SET recorded_at = excluded.recorded_at",
        )?
        .execute(params![user_id.object_id().as_bytes(), key, network, at])?;
    let event = AuditEvent {
        guard: ActorGuard::None,
        at: sighting.at,
        app_id: Some(sighting.app_id),
        actor: Actor::User(user_id),
        action: Action::LoginSucceeded,
        user_id: Some(user_id),
        subject: key_id.as_ref().map(ToString::to_string),
        address: Some(sighting.address),
        request_id: Some(sighting.request_id),
        outcome: Outcome::Done,
    };
    transaction.record(&event)?;
    if recorded_at.is_none() {
        forget_oldest(transaction, user_id, key)?;
        if key_id.is_some() {
            transaction.record(&AuditEvent { action: Action::ApiKeyFirstUsedFromNetwork, ..event })?;
        }
    }
    Ok(())
}

fn forget_oldest(connection: &Connection, user_id: UserId, key: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM known_networks WHERE user_id = ?1 AND key_id = ?2 AND network IN
                 (SELECT network FROM known_networks WHERE user_id = ?1 AND key_id = ?2
                  ORDER BY recorded_at DESC, network LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![user_id.object_id().as_bytes(), key, KNOWN_NETWORKS])?;
    Ok(())
}
