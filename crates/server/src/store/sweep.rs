//! Removal of what has expired, in small batches.

use super::StoreResult;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;

/// See [`SweepStore::delete_expired`].
#[async_trait]
pub trait SweepStore {
    /// Deletes at most `limit` each of: pending registrations, mailed tokens and session revocations
    /// that expired before `now`, and anonymous users last seen before `anonymous_before`.
    /// Returns how many rows went; fewer than `limit` means that nothing is left. `audit` is completed with
    /// how many registrations and users of which application that were.
    async fn delete_expired(
        &self,
        now: Timestamp,
        anonymous_before: Timestamp,
        limit: u32,
        audit: AuditEvent,
    ) -> StoreResult<u32>;
}
