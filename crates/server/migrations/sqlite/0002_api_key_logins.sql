-- What a login with a key reads: everything in one small row for each secret, so that it looks in one tree and not
-- in four (the index, and secrets, keys and users), however many keys there are. The row repeats what users and
-- api_keys say; whatever changes that changes it in the same transaction.
--
-- slot is the digest's first eight bytes as a signed number, which makes the inner pages of the tree few: those of
-- ten million keys take 4 MB. That two digests share a slot is as good as impossible (with ten million keys, once in
-- 10^12 new ones); then the second key is not made.
CREATE TABLE api_key_logins (
    slot            INTEGER PRIMARY KEY,
    digest_rest     BLOB NOT NULL CHECK (length(digest_rest) = 24),
    user_id         BLOB NOT NULL,
    key_id          BLOB NOT NULL,
    app_id          BLOB NOT NULL,
    user_disabled   INTEGER NOT NULL,
    user_generation INTEGER NOT NULL,
    key_disabled    INTEGER NOT NULL,
    key_generation  INTEGER NOT NULL
) STRICT;

-- In the order of the slots, so that the tree grows at its end: first the digests whose first bit makes a number
-- negative, then the others. SQLite reads hexadecimal digits only as JSON, and there no negative numbers: so in halves.
INSERT INTO api_key_logins
    SELECT (('0x' || hex(substr(s.digest, 1, 4))) ->> '$') << 32 | (('0x' || hex(substr(s.digest, 5, 4))) ->> '$'),
           substr(s.digest, 9),
           s.user_id, s.key_id, u.app_id, u.disabled, u.generation, k.disabled, k.generation
    FROM api_key_secrets s INDEXED BY api_key_secrets_by_digest
    CROSS JOIN api_keys k ON k.user_id = s.user_id AND k.key_id = s.key_id
    CROSS JOIN users u ON u.user_id = s.user_id
    WHERE s.digest >= x'80' ORDER BY s.digest;
INSERT INTO api_key_logins
    SELECT (('0x' || hex(substr(s.digest, 1, 4))) ->> '$') << 32 | (('0x' || hex(substr(s.digest, 5, 4))) ->> '$'),
           substr(s.digest, 9),
           s.user_id, s.key_id, u.app_id, u.disabled, u.generation, k.disabled, k.generation
    FROM api_key_secrets s INDEXED BY api_key_secrets_by_digest
    CROSS JOIN api_keys k ON k.user_id = s.user_id AND k.key_id = s.key_id
    CROSS JOIN users u ON u.user_id = s.user_id
    WHERE s.digest < x'80' ORDER BY s.digest;

-- The slots are unique now, and with them the digests.
DROP INDEX api_key_secrets_by_digest;
