-- What was done, by whom, from where: only ever appended. Each row's mac is that of the row before it and
-- of everything in this one, under a key derived from the pepper: a row that is changed, removed or put
-- in between breaks the chain.
CREATE TABLE audit_events (
    sequence    INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    app_id      BLOB CHECK (app_id IS NULL OR length(app_id) = 12),
    actor       TEXT NOT NULL CHECK (actor IN ('admin', 'user', 'nobody', 'server')),
    actor_id    BLOB CHECK (actor_id IS NULL OR length(actor_id) = 12),
    action      TEXT NOT NULL,
    user_id     BLOB CHECK (user_id IS NULL OR length(user_id) = 12),
    subject     TEXT,
    address     TEXT,
    request_id  BLOB CHECK (request_id IS NULL OR length(request_id) = 12),
    outcome     TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    mac         BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE INDEX audit_events_by_user ON audit_events (user_id, sequence) WHERE user_id IS NOT NULL;
