-- What listeners keep, by account: it is gone with the account, and none of it is counted.

-- A row for each account that has kept anything: whoever changes what an account keeps changes this first, so
-- that changes of one account take turns and those of two don't wait for each other.
CREATE TABLE collections (
    account_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    changes    BIGINT NOT NULL
);

-- Ids of the library, which may know them no more.
CREATE TABLE saved (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- tracks, albums or artists.
    kind       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    saved_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, id)
);

CREATE INDEX saved_by_time ON saved (account_id, kind, saved_at, id);

CREATE TABLE playlists (
    playlist_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    public      BOOLEAN NOT NULL,
    version     BIGINT NOT NULL,
    -- How many it has.
    items       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);

CREATE INDEX playlists_by_account ON playlists (account_id, created_at, playlist_id);

-- In the order of their places, and of their ids where those are equal.
CREATE TABLE playlist_items (
    playlist_id TEXT COLLATE "C" NOT NULL REFERENCES playlists (playlist_id) ON DELETE CASCADE,
    item_id     TEXT COLLATE "C" NOT NULL,
    track_id    TEXT COLLATE "C" NOT NULL,
    place       BIGINT NOT NULL,
    added_at    BIGINT NOT NULL,
    PRIMARY KEY (playlist_id, item_id)
);

CREATE INDEX playlist_items_by_place ON playlist_items (playlist_id, place, item_id);

-- What is about to be heard, as a player left it.
CREATE TABLE queues (
    account_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    version     BIGINT NOT NULL,
    -- [["item", "track"], …], in the order in which they are played.
    items_json  TEXT COLLATE "C" NOT NULL,
    item_index  BIGINT NOT NULL,
    position_ms BIGINT NOT NULL,
    shuffle     BOOLEAN NOT NULL,
    -- off, all or one.
    repeats     TEXT COLLATE "C" NOT NULL,
    -- What it was started from, where that is known.
    source_kind TEXT COLLATE "C",
    source_id   TEXT COLLATE "C",
    changed_at  BIGINT NOT NULL
);
