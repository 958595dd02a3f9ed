-- Keys that another system handed out and of which only a hash is known. What is kept is that hash under
-- the pepper: with this file alone nobody can tell whether a key is right. At its first login a key gets a
-- row in api_key_secrets, as all others have, and rehashed_at says that this one is not asked any more; it
-- stays so that a repeated import finds the key again.
CREATE TABLE foreign_key_digests (
    app_id      BLOB NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    user_id     BLOB NOT NULL,
    key_id      BLOB NOT NULL,
    rehashed_at INTEGER,
    PRIMARY KEY (app_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_key_digests_by_key ON foreign_key_digests (user_id, key_id);

-- What imported keys look like and how they were hashed: a string of none of these shapes is nobody's key.
-- hmac_key is the fingerprint of a row below, or empty.
CREATE TABLE foreign_key_shapes (
    app_id    BLOB NOT NULL,
    prefix    TEXT NOT NULL,
    length    INTEGER NOT NULL,
    alphabet  TEXT NOT NULL,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('sha256', 'sha512', 'hmac-sha256')),
    hmac_key  BLOB NOT NULL,
    PRIMARY KEY (app_id, prefix, length, alphabet, algorithm, hmac_key)
) STRICT, WITHOUT ROWID;

-- Sealed under the pepper, like signing keys; the fingerprint is under the pepper too.
CREATE TABLE foreign_hmac_keys (
    app_id      BLOB NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    sealed_key  BLOB NOT NULL,
    PRIMARY KEY (app_id, fingerprint)
) STRICT, WITHOUT ROWID;

-- An import may send very many mails at once. They wait for those that somebody asked for.
ALTER TABLE outbox ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0 CHECK (bulk IN (0, 1));
DROP INDEX outbox_by_next_attempt;
CREATE INDEX outbox_by_turn ON outbox (bulk, next_attempt_at);
