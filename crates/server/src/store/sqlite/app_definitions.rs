//! Applications of the admin API in SQLite.

use super::apps::{find_app, insert_app, provider_ids};
use super::{SqliteStore, columns};
use crate::clock::Timestamp;
use crate::store::StoreResult;
use crate::store::app_definitions::{
    AppDefinitionStore, AppSecretRecord, DeploymentRecord, DraftRecord, KEPT_DEPLOYMENTS, StoredApp,
};
use crate::store::audit::AuditEvent;
use async_trait::async_trait;
use keystead_protocol::id::{AdminId, AppId, DeploymentId, DraftId, SecretId};
use rusqlite::{Row, params};

#[async_trait]
impl AppDefinitionStore for SqliteStore {
    async fn insert_app(&self, app: StoredApp, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                if !insert_app(transaction, &app.ids)? {
                    return Ok(false);
                }
                transaction.execute(
                    "INSERT INTO app_definitions (app_id, definition) VALUES (?1, ?2)",
                    params![app.ids.app_id.object_id().as_bytes(), app.definition],
                )?;
                transaction.record(&audit)?;
                Ok(true)
            })
            .await
    }

    async fn list_stored_apps(&self) -> StoreResult<Vec<StoredApp>> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT a.client_app_id, d.definition FROM app_definitions d JOIN apps a ON a.app_id = d.app_id
                 ORDER BY a.app_id",
            )?;
            let rows: Vec<(String, String)> =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            rows.into_iter()
                .map(|(client_app_id, definition)| {
                    let mut ids = find_app(connection, &client_app_id)?;
                    ids.provider_ids = provider_ids(connection, ids.app_id)?;
                    Ok(StoredApp { ids, definition })
                })
                .collect()
        })
    }

    async fn deploy(
        &self,
        deployment: DeploymentRecord,
        definition: String,
        audit: AuditEvent,
    ) -> StoreResult<()> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let app_id = deployment.app_id.object_id().as_bytes();
                let draft_id = deployment.draft_id.as_ref().map(|id| id.object_id().as_bytes());
                transaction.execute(
                    "UPDATE app_definitions SET definition = ?2 WHERE app_id = ?1",
                    params![app_id, definition],
                )?;
                transaction.execute("DELETE FROM app_drafts WHERE draft_id = ?1", [draft_id])?;
                transaction.execute(
                    "INSERT INTO app_deployments
                         (app_id, deployment_id, admin_id, draft_id, deployed_at, definition)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        app_id,
                        deployment.deployment_id.object_id().as_bytes(),
                        deployment.admin_id.object_id().as_bytes(),
                        draft_id,
                        deployment.deployed_at.unix_seconds(),
                        definition,
                    ],
                )?;
                transaction.execute(
                    "DELETE FROM app_deployments WHERE app_id = ?1 AND deployment_id NOT IN
                         (SELECT deployment_id FROM app_deployments WHERE app_id = ?1
                          ORDER BY deployment_id DESC LIMIT ?2)",
                    params![app_id, KEPT_DEPLOYMENTS],
                )?;
                transaction.record(&audit)
            })
            .await
    }

    async fn delete_app(&self, app_id: AppId, at: Timestamp, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let id = app_id.object_id().as_bytes();
                // Its name is free again, and no client can have this one: it is no client app id.
                let deleted = transaction.execute(
                    "UPDATE apps SET deleted_at = ?2, client_app_id = '~' || hex(app_id)
                     WHERE app_id = ?1 AND deleted_at IS NULL",
                    params![id, at.unix_seconds()],
                )?;
                for table in [
                    "app_definitions",
                    "app_secrets",
                    "app_drafts",
                    "app_deployments",
                    "signing_keys",
                    "foreign_key_shapes",
                    "foreign_hmac_keys",
                ] {
                    transaction.execute(&format!("DELETE FROM {table} WHERE app_id = ?1"), [id])?;
                }
                if deleted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(deleted == 1)
            })
            .await
    }

    async fn list_deployments(&self, app_id: AppId) -> StoreResult<Vec<DeploymentRecord>> {
        self.readers.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT app_id, deployment_id, admin_id, draft_id, deployed_at
                     FROM app_deployments WHERE app_id = ?1 ORDER BY deployment_id DESC",
                )?
                .query_map([app_id.object_id().as_bytes()], read_deployment)?
                .collect()
        })
    }

    async fn find_deployed_definition(
        &self,
        app_id: AppId,
        deployment_id: DeploymentId,
    ) -> StoreResult<Option<String>> {
        self.readers.read(|connection| {
            columns::scalar(
                connection,
                "SELECT definition FROM app_deployments WHERE app_id = ?1 AND deployment_id = ?2",
                params![app_id.object_id().as_bytes(), deployment_id.object_id().as_bytes()],
            )
        })
    }

    async fn insert_draft(&self, draft: DraftRecord, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let inserted = transaction.execute(
                    "INSERT INTO app_drafts (app_id, admin_id, draft_id, definition) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (app_id, admin_id) DO NOTHING",
                    params![
                        draft.app_id.object_id().as_bytes(),
                        draft.admin_id.object_id().as_bytes(),
                        draft.draft_id.object_id().as_bytes(),
                        draft.definition,
                    ],
                )?;
                if inserted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(inserted == 1)
            })
            .await
    }

    async fn update_draft(
        &self,
        draft_id: DraftId,
        definition: String,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let updated = transaction.execute(
                    "UPDATE app_drafts SET definition = ?2 WHERE draft_id = ?1",
                    params![draft_id.object_id().as_bytes(), definition],
                )?;
                if updated == 1 {
                    transaction.record(&audit)?;
                }
                Ok(updated == 1)
            })
            .await
    }

    async fn find_draft(&self, app_id: AppId, admin_id: AdminId) -> StoreResult<Option<DraftRecord>> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT draft_id, definition FROM app_drafts WHERE app_id = ?1 AND admin_id = ?2",
            )?;
            let ids = params![app_id.object_id().as_bytes(), admin_id.object_id().as_bytes()];
            columns::optional(statement.query_row(ids, |row| {
                Ok(DraftRecord { draft_id: columns::id(row, 0)?, app_id, admin_id, definition: row.get(1)? })
            }))
        })
    }

    async fn delete_draft(
        &self,
        app_id: AppId,
        admin_id: AdminId,
        draft_id: DraftId,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let deleted = transaction.execute(
                    "DELETE FROM app_drafts WHERE app_id = ?1 AND admin_id = ?2 AND draft_id = ?3",
                    params![
                        app_id.object_id().as_bytes(),
                        admin_id.object_id().as_bytes(),
                        draft_id.object_id().as_bytes()
                    ],
                )?;
                if deleted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(deleted == 1)
            })
            .await
    }

    async fn list_app_secrets(&self, app_id: AppId) -> StoreResult<Vec<AppSecretRecord>> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT secret_id, name, sealed_value FROM app_secrets WHERE app_id = ?1 ORDER BY name",
            )?;
            let read = |row: &Row<'_>| {
                Ok(AppSecretRecord {
                    app_id,
                    secret_id: columns::id(row, 0)?,
                    name: row.get(1)?,
                    sealed_value: row.get(2)?,
                })
            };
            statement.query_map([app_id.object_id().as_bytes()], read)?.collect()
        })
    }

    async fn put_app_secret(&self, secret: AppSecretRecord, audit: AuditEvent) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let (app_id, secret_id) =
                    (secret.app_id.object_id().as_bytes(), secret.secret_id.object_id().as_bytes());
                let taken: Option<i64> = columns::scalar(
                    transaction,
                    "SELECT 1 FROM app_secrets WHERE app_id = ?1 AND name = ?2 AND secret_id <> ?3",
                    params![app_id, secret.name, secret_id],
                )?;
                if taken.is_some() {
                    return Ok(false);
                }
                transaction.execute(
                    "INSERT INTO app_secrets (app_id, secret_id, name, sealed_value) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (app_id, secret_id) DO UPDATE
                     SET name = excluded.name, sealed_value = excluded.sealed_value",
                    params![app_id, secret_id, secret.name, secret.sealed_value],
                )?;
                transaction.record(&audit)?;
                Ok(true)
            })
            .await
    }

    async fn delete_app_secret(
        &self,
        app_id: AppId,
        secret_id: SecretId,
        audit: AuditEvent,
    ) -> StoreResult<bool> {
        self.writer
            .write_as(audit.guard, move |transaction| {
                let deleted = transaction.execute(
                    "DELETE FROM app_secrets WHERE app_id = ?1 AND secret_id = ?2",
                    params![app_id.object_id().as_bytes(), secret_id.object_id().as_bytes()],
                )?;
                if deleted == 1 {
                    transaction.record(&audit)?;
                }
                Ok(deleted == 1)
            })
            .await
    }
}

fn read_deployment(row: &Row<'_>) -> rusqlite::Result<DeploymentRecord> {
    Ok(DeploymentRecord {
        app_id: columns::id(row, 0)?,
        deployment_id: columns::id(row, 1)?,
        admin_id: columns::id(row, 2)?,
        draft_id: columns::optional_id(row, 3)?,
        deployed_at: columns::timestamp(row, 4)?,
    })
}
