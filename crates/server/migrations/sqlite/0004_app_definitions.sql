-- Applications that were made by the admin API. Each is configured by one document, which changes as a whole;
-- the applications of folders have none.
ALTER TABLE apps ADD COLUMN deleted_at INTEGER;

CREATE TABLE app_definitions (
    app_id     BLOB PRIMARY KEY CHECK (length(app_id) = 12),
    definition TEXT NOT NULL
) STRICT;

-- Sealed with a key derived from the pepper.
CREATE TABLE app_secrets (
    app_id       BLOB NOT NULL,
    secret_id    BLOB NOT NULL CHECK (length(secret_id) = 12),
    name         TEXT NOT NULL,
    sealed_value BLOB NOT NULL,
    PRIMARY KEY (app_id, secret_id),
    UNIQUE (app_id, name)
) STRICT, WITHOUT ROWID;

-- Changes that wait to be deployed: at most one set for each administrator.
CREATE TABLE app_drafts (
    app_id     BLOB NOT NULL,
    admin_id   BLOB NOT NULL,
    draft_id   BLOB NOT NULL UNIQUE CHECK (length(draft_id) = 12),
    definition TEXT NOT NULL,
    PRIMARY KEY (app_id, admin_id)
) STRICT;

-- What an application was when, so that it can be again.
CREATE TABLE app_deployments (
    app_id        BLOB NOT NULL,
    deployment_id BLOB NOT NULL CHECK (length(deployment_id) = 12),
    admin_id      BLOB NOT NULL,
    draft_id      BLOB,
    deployed_at   INTEGER NOT NULL,
    definition    TEXT NOT NULL,
    PRIMARY KEY (app_id, deployment_id)
) STRICT;
