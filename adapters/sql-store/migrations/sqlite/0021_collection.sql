-- What listeners keep, by account: it is gone with the account, and none of it is counted.

-- A row for each account that has kept anything: whoever changes what an account keeps changes this first, so
-- that changes of one account take turns and those of two don't wait for each other.
CREATE TABLE collections (
    account_id TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    changes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids of the library, which may know them no more.
CREATE TABLE saved (
    account_id TEXT    NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- tracks, albums or artists.
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    saved_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX saved_by_time ON saved (account_id, kind, saved_at, id);

CREATE TABLE playlists (
    playlist_id TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    public      INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    -- How many it has.
    items       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX playlists_by_account ON playlists (account_id, created_at, playlist_id);

-- In the order of their places, and of their ids where those are equal.
CREATE TABLE playlist_items (
    playlist_id TEXT    NOT NULL REFERENCES playlists (playlist_id) ON DELETE CASCADE,
    item_id     TEXT    NOT NULL,
    track_id    TEXT    NOT NULL,
    place       INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    PRIMARY KEY (playlist_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX playlist_items_by_place ON playlist_items (playlist_id, place, item_id);

-- What is about to be heard, as a player left it.
CREATE TABLE queues (
    account_id  TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    -- [["item", "track"], …], in the order in which they are played.
    items_json  TEXT    NOT NULL,
    item_index  INTEGER NOT NULL,
    position_ms INTEGER NOT NULL,
    shuffle     INTEGER NOT NULL,
    -- off, all or one.
    repeats     TEXT    NOT NULL,
    -- What it was started from, where that is known.
    source_kind TEXT,
    source_id   TEXT,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
