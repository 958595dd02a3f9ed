//! Applications that the admin API makes: their definitions, secrets, drafts and deployments. What is in a
//! definition is not known here.

use super::StoreResult;
use super::apps::AppRecord;
use super::audit::AuditEvent;
use crate::clock::Timestamp;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId, DeploymentId, DraftId, SecretId};

/// An application with what it is made of.
#[derive(Debug, Clone)]
pub struct StoredApp {
    /// Its ids.
    pub ids: AppRecord,
    /// Its definition, as JSON.
    pub definition: String,
}

/// A secret of an application.
#[derive(Debug, Clone)]
pub struct AppSecretRecord {
    /// The application.
    pub app_id: AppId,
    /// The id.
    pub secret_id: SecretId,
    /// Unique in the application.
    pub name: String,
    /// Sealed by the pepper.
    pub sealed_value: Vec<u8>,
}

/// Changes that wait to be deployed.
#[derive(Debug, Clone)]
pub struct DraftRecord {
    /// The id.
    pub draft_id: DraftId,
    /// The application.
    pub app_id: AppId,
    /// Whose it is; each administrator has at most one of an application.
    pub admin_id: AdminId,
    /// What the application will be, as JSON.
    pub definition: String,
}

/// A change that took effect.
#[derive(Debug, Clone)]
pub struct DeploymentRecord {
    /// The id.
    pub deployment_id: DeploymentId,
    /// The application.
    pub app_id: AppId,
    /// Who deployed it.
    pub admin_id: AdminId,
    /// The draft that it was, if one.
    pub draft_id: Option<DraftId>,
    /// When.
    pub deployed_at: Timestamp,
}

/// So many deployments are kept of each application.
pub const KEPT_DEPLOYMENTS: u32 = 25;

/// See [`StoredApp`].
#[async_trait]
pub trait AppDefinitionStore {
    /// Adds an application; `false` if its client app id is taken.
    async fn insert_app(&self, app: StoredApp, audit: AuditEvent) -> StoreResult<bool>;

    /// All applications that have a definition.
    async fn list_stored_apps(&self) -> StoreResult<Vec<StoredApp>>;

    /// Makes an application what `definition` says, remembers that, and forgets the draft that it was.
    async fn deploy(
        &self,
        deployment: DeploymentRecord,
        definition: String,
        audit: AuditEvent,
    ) -> StoreResult<()>;

    /// Deletes an application with its configuration. Its users are gone with it; their rows are swept.
    async fn delete_app(&self, app_id: AppId, at: Timestamp, audit: AuditEvent) -> StoreResult<bool>;

    /// The newest deployments, newest first.
    async fn list_deployments(&self, app_id: AppId) -> StoreResult<Vec<DeploymentRecord>>;

    /// What an application was after a deployment, as JSON; `None` if that is not kept.
    async fn find_deployed_definition(
        &self,
        app_id: AppId,
        deployment_id: DeploymentId,
    ) -> StoreResult<Option<String>>;

    /// Adds a draft; `false` if the administrator has one.
    async fn insert_draft(&self, draft: DraftRecord, audit: AuditEvent) -> StoreResult<bool>;

    /// Changes what is in a draft; `false` if it is gone.
    async fn update_draft(
        &self,
        draft_id: DraftId,
        definition: String,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// The draft of an administrator.
    async fn find_draft(&self, app_id: AppId, admin_id: AdminId) -> StoreResult<Option<DraftRecord>>;

    /// Throws a draft away; `false` if there is none.
    async fn delete_draft(
        &self,
        app_id: AppId,
        admin_id: AdminId,
        draft_id: DraftId,
        audit: AuditEvent,
    ) -> StoreResult<bool>;

    /// The secrets of an application, by name.
    async fn list_app_secrets(&self, app_id: AppId) -> StoreResult<Vec<AppSecretRecord>>;

    /// Adds a secret, or replaces the one of this id; `false` if another has the name.
    async fn put_app_secret(&self, secret: AppSecretRecord, audit: AuditEvent) -> StoreResult<bool>;

    /// Deletes a secret; `false` if there is none.
    async fn delete_app_secret(
        &self,
        app_id: AppId,
        secret_id: SecretId,
        audit: AuditEvent,
    ) -> StoreResult<bool>;
}
