-- Who the listeners of pseudonymised sources are. Nothing else ties the logs to a person.

-- Sources of which the logs have listeners in the place of users.
CREATE TABLE pseudonymised_sources (
    source TEXT    NOT NULL PRIMARY KEY,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 16 random bytes each: the listener's id, and the key of its sessions' and devices' hashes.
CREATE TABLE listeners (
    source      TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    listener_id BLOB    NOT NULL UNIQUE,
    secret      BLOB    NOT NULL,
    tied_at     INTEGER NOT NULL,
    PRIMARY KEY (source, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX listeners_by_user ON listeners (user_id);

-- That erasures happened. The hash is keyed: it says whose it was to nobody who has not both the
-- name and the deployment's key.
CREATE TABLE erasures (
    sequence  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    erased_at INTEGER NOT NULL,
    tie_hash  BLOB    NOT NULL
) STRICT;

-- Plays of erased listeners, as keyed hashes, so that a late report doesn't make one anew.
-- NULL: for good.
CREATE TABLE erased_plays (
    play_hash BLOB NOT NULL PRIMARY KEY,
    forget_at INTEGER
) STRICT, WITHOUT ROWID;
