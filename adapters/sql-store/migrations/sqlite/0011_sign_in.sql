-- How people get in. Of every secret only its SHA-256 is here.

-- Invitations stay, so that what was done in their names can be told of somebody.
CREATE TABLE invitations (
    id          TEXT    NOT NULL PRIMARY KEY,
    secret_hash BLOB    NOT NULL UNIQUE,
    role        TEXT    NOT NULL,
    -- Ids of parties with a space between; none for a role that sees everything.
    parties     TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    created_by  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    revoked_at  INTEGER
) STRICT;

CREATE INDEX invitations_by_time ON invitations (created_at, id);

-- Sessions of browsers: each stands on a key or on an invitation. They go when they end.
CREATE TABLE web_sessions (
    secret_hash   BLOB    NOT NULL PRIMARY KEY,
    key_id        TEXT,
    invitation_id TEXT    UNIQUE REFERENCES invitations (id),
    created_at    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    CHECK ((key_id IS NULL) <> (invitation_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX web_sessions_by_key ON web_sessions (key_id, created_at);
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);
