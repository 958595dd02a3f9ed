-- Key pairs that log in to the admin API: administrators, like the account in `admins`. Of the private key
-- only a digest is kept. `apps` is a JSON array of application ids; null stands for the whole server.
CREATE TABLE admin_keys (
    admin_id   BLOB PRIMARY KEY CHECK (length(admin_id) = 12),
    name       TEXT NOT NULL,
    public_key TEXT NOT NULL UNIQUE,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    apps       TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_admin_sessions (
    session_id BLOB PRIMARY KEY CHECK (length(session_id) = 12),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_admin_sessions_by_expiry ON revoked_admin_sessions (expires_at);

-- A server key belongs to a user of type 'server', who is there for this key alone.
ALTER TABLE api_keys ADD COLUMN is_server_key INTEGER NOT NULL DEFAULT 0;
CREATE INDEX server_keys_by_app ON api_keys (app_id, key_id) WHERE is_server_key = 1;

CREATE INDEX pending_email_accounts_by_app ON email_accounts (app_id, identity_id)
    WHERE pending_until IS NOT NULL;
