-- Times are unix seconds. Ids are 12-byte ObjectIds made by the application; they sort by time.
-- Tables that belong to a user lead with user_id, so that an engine that shards can place them by user.

CREATE TABLE apps (
    app_id        BLOB PRIMARY KEY CHECK (length(app_id) = 12),
    client_app_id TEXT NOT NULL UNIQUE,
    domain_id     BLOB NOT NULL UNIQUE CHECK (length(domain_id) = 12),
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE auth_providers (
    app_id        BLOB NOT NULL,
    provider_type TEXT NOT NULL,
    provider_id   BLOB NOT NULL UNIQUE CHECK (length(provider_id) = 12),
    PRIMARY KEY (app_id, provider_type)
) STRICT, WITHOUT ROWID;

-- The key with the highest position of its kind is the one that signs.
-- The key material is sealed with a key derived from the pepper, which is not in this file.
CREATE TABLE signing_keys (
    key_id     TEXT PRIMARY KEY,
    app_id     BLOB NOT NULL,
    token_type TEXT NOT NULL CHECK (token_type IN ('access', 'refresh')),
    algorithm  TEXT NOT NULL CHECK (algorithm IN ('EdDSA', 'HS256')),
    sealed_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    position   INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE admins (
    admin_id      BLOB PRIMARY KEY CHECK (length(admin_id) = 12),
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    generation    INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user_id      BLOB PRIMARY KEY CHECK (length(user_id) = 12),
    app_id       BLOB NOT NULL,
    user_type    TEXT NOT NULL CHECK (user_type IN ('normal', 'server')),
    anonymous    INTEGER NOT NULL CHECK (anonymous IN (0, 1)),
    disabled     INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    generation   INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_app ON users (app_id, user_id);
CREATE INDEX anonymous_users_by_last_seen ON users (last_seen_at) WHERE anonymous = 1;

CREATE TABLE identities (
    user_id       BLOB NOT NULL,
    provider_type TEXT NOT NULL,
    identity_id   TEXT NOT NULL,
    position      INTEGER NOT NULL,
    data          TEXT NOT NULL,
    generation    INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, provider_type, identity_id)
) STRICT, WITHOUT ROWID;

-- Who owns an external identity: the one look-up that starts from something other than a user.
CREATE TABLE identity_owners (
    app_id        BLOB NOT NULL,
    provider_type TEXT NOT NULL,
    identity_id   TEXT NOT NULL,
    user_id       BLOB NOT NULL,
    PRIMARY KEY (app_id, provider_type, identity_id)
) STRICT, WITHOUT ROWID;

-- An account exists from registration on; its user from the first login on.
CREATE TABLE email_accounts (
    app_id        BLOB NOT NULL,
    email         TEXT NOT NULL,
    identity_id   BLOB NOT NULL CHECK (length(identity_id) = 12),
    password_hash TEXT NOT NULL,
    user_id       BLOB,
    created_at    INTEGER NOT NULL,
    pending_until INTEGER,
    PRIMARY KEY (app_id, email)
) STRICT, WITHOUT ROWID;
CREATE INDEX email_accounts_by_user ON email_accounts (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX pending_email_accounts ON email_accounts (pending_until) WHERE pending_until IS NOT NULL;

CREATE TABLE email_tokens (
    token_id   BLOB PRIMARY KEY CHECK (length(token_id) = 12),
    app_id     BLOB NOT NULL,
    email      TEXT NOT NULL,
    purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset')),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX email_tokens_by_expiry ON email_tokens (expires_at);
CREATE INDEX email_tokens_by_account ON email_tokens (app_id, email);

-- That a user's names are unique is checked by the one statement that inserts, over at most a few
-- dozen rows; an index for it would cost every insert a tree more.
CREATE TABLE api_keys (
    user_id         BLOB NOT NULL,
    key_id          BLOB NOT NULL CHECK (length(key_id) = 12),
    app_id          BLOB NOT NULL,
    name            TEXT NOT NULL,
    disabled        INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    generation      INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER,
    last_used_from  TEXT,
    last_used_agent TEXT,
    PRIMARY KEY (user_id, key_id)
) STRICT, WITHOUT ROWID;

-- A key has one secret now and two while it is rotated. Only a digest is kept, and what the owner
-- may see again: where it starts and how it ends.
CREATE TABLE api_key_secrets (
    user_id       BLOB NOT NULL,
    key_id        BLOB NOT NULL,
    digest        BLOB NOT NULL CHECK (length(digest) = 32),
    prefix        TEXT NOT NULL,
    display_start TEXT NOT NULL,
    display_end   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_id, digest)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_key_secrets_by_digest ON api_key_secrets (digest);

CREATE TABLE revoked_sessions (
    user_id    BLOB NOT NULL,
    session_id BLOB NOT NULL CHECK (length(session_id) = 12),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, session_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_sessions_by_expiry ON revoked_sessions (expires_at);

-- Mails that wait to be sent. Sealed, because a confirmation link is a secret.
CREATE TABLE outbox (
    mail_id         BLOB PRIMARY KEY CHECK (length(mail_id) = 12),
    sealed_mail     BLOB NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_next_attempt ON outbox (next_attempt_at);
