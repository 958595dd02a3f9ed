-- The tag of the chain that the audit trail is linked by: with another pepper there is another one.
CREATE TABLE audit_chain (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    tag BLOB NOT NULL CHECK (length(tag) = 32)
) STRICT;

-- The last pruning says where the trail begins.
CREATE INDEX audit_events_pruned ON audit_events (sequence) WHERE action = 'audit.pruned';

-- The networks that users logged in from: with which key (an empty id where it was without one), and when
-- that was last recorded in the audit trail. The newest few of each.
CREATE TABLE known_networks (
    user_id     BLOB NOT NULL,
    key_id      BLOB NOT NULL,
    network     TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_id, network)
) STRICT, WITHOUT ROWID;
