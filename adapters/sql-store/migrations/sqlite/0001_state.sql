-- The state of one deployment: committed facts, credentials, catalogue.
-- A migration that has been released is never edited; write the next one.

-- How far each partition is judged. A commit is a compare-and-set on epoch and position.
CREATE TABLE partition_commits (
    partition   INTEGER NOT NULL PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    plays_bytes INTEGER NOT NULL
) STRICT;

-- Reports by receive hour (hours since 1970): the word 'accepted' counts them all,
-- the other words are their verdicts.
CREATE TABLE report_totals (
    partition INTEGER NOT NULL REFERENCES partition_commits (partition),
    hour      INTEGER NOT NULL,
    verdict   TEXT    NOT NULL,
    reports   INTEGER NOT NULL,
    PRIMARY KEY (partition, hour, verdict)
) STRICT, WITHOUT ROWID;

-- Plays by status, and by the receive hour of their first report.
CREATE TABLE play_totals (
    partition INTEGER NOT NULL REFERENCES partition_commits (partition),
    hour      INTEGER NOT NULL,
    status    TEXT    NOT NULL,
    plays     INTEGER NOT NULL,
    PRIMARY KEY (partition, hour, status)
) STRICT, WITHOUT ROWID;

-- Counted plays by the day of their start (days since 1970).
CREATE TABLE counted_totals (
    partition INTEGER NOT NULL REFERENCES partition_commits (partition),
    day       INTEGER NOT NULL,
    plays     INTEGER NOT NULL,
    PRIMARY KEY (partition, day)
) STRICT, WITHOUT ROWID;

-- API keys. Of the secret only its SHA-256 is here; scopes are words with a space between.
CREATE TABLE credentials (
    id                 TEXT    NOT NULL PRIMARY KEY,
    secret_hash        BLOB    NOT NULL UNIQUE,
    scopes             TEXT    NOT NULL,
    source             TEXT    NOT NULL,
    user_prefix        TEXT,
    reports_per_second INTEGER,
    created_at         INTEGER NOT NULL,
    revoked_at         INTEGER
) STRICT;

-- The catalogue, as far as counting needs it. Ids are ordered by their bytes.
CREATE TABLE tracks (
    track_id    TEXT NOT NULL PRIMARY KEY,
    duration_ms INTEGER,
    title       TEXT NOT NULL,
    isrc        TEXT
) STRICT, WITHOUT ROWID;

-- A track's artists in the order of the credits, from 0.
CREATE TABLE track_artists (
    track_id TEXT    NOT NULL REFERENCES tracks (track_id),
    ordinal  INTEGER NOT NULL,
    artist   TEXT    NOT NULL,
    PRIMARY KEY (track_id, ordinal)
) STRICT, WITHOUT ROWID;

-- One row: how often an import changed anything.
CREATE TABLE catalogue_revision (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO catalogue_revision (only_row, revision) VALUES (1, 0);

CREATE TABLE bot_devices (
    device_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
