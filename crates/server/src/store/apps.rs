//! Applications: their ids. What they are configured to do comes from their folder.

use super::StoreResult;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AppId, DomainId, ProviderId};
use keystead_protocol::provider::ProviderType;
use std::collections::BTreeMap;

/// The ids of an application, made once and kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRecord {
    /// The admin API's id.
    pub app_id: AppId,
    /// The id that clients use, such as `quickstart-abcde`.
    pub client_app_id: String,
    /// The id that tokens carry.
    pub domain_id: DomainId,
    /// Every provider type's id, also of those not configured.
    pub provider_ids: BTreeMap<ProviderType, ProviderId>,
    /// When it was first served.
    pub created_at: Timestamp,
}

/// See [`AppRecord`].
#[async_trait]
pub trait AppStore {
    /// Stores `app` unless its client app id is known. Returns what is stored: the ids of the first
    /// call, with those provider ids added that it lacked.
    async fn find_or_insert_app(&self, app: AppRecord) -> StoreResult<AppRecord>;
}
