-- Files of music: what is to be done with them, and what was found in them.
CREATE TABLE ingest_jobs (
    number        INTEGER NOT NULL PRIMARY KEY,
    track_id      TEXT NOT NULL,
    sha256        TEXT NOT NULL,
    bytes         INTEGER NOT NULL,
    extension     TEXT NOT NULL,
    queued_at     INTEGER NOT NULL,
    state         TEXT NOT NULL,
    progress      INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    reason        TEXT,
    changed_at    INTEGER NOT NULL,
    -- A queued job isn't begun before this; a running one's lease ends then.
    due_at        INTEGER NOT NULL,
    worker        TEXT
);
CREATE INDEX ingest_jobs_by_state ON ingest_jobs (state, due_at);
CREATE INDEX ingest_jobs_by_track ON ingest_jobs (track_id, sha256);

CREATE TABLE track_studies (
    track_id         TEXT NOT NULL PRIMARY KEY,
    sha256           TEXT NOT NULL,
    bytes            INTEGER NOT NULL,
    extension        TEXT NOT NULL,
    codec            TEXT NOT NULL,
    rate_hz          INTEGER NOT NULL,
    channels         INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL,
    integrated_mlufs INTEGER NOT NULL,
    range_mlu        INTEGER NOT NULL,
    true_peak_mdb    INTEGER NOT NULL,
    loudness_blocks  BLOB NOT NULL,
    print            BLOB NOT NULL,
    landmarks        BLOB NOT NULL,
    waveform         BLOB NOT NULL,
    preview_start_ms INTEGER NOT NULL,
    duplicate_of     TEXT,
    -- JSON: each rung with its pieces.
    renditions       TEXT NOT NULL
);
CREATE INDEX track_studies_by_duration ON track_studies (duration_ms);
