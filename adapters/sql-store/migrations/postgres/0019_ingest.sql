-- Files of music: what is to be done with them, and what was found in them.
CREATE TABLE ingest_jobs (
    number        BIGINT NOT NULL PRIMARY KEY,
    track_id      TEXT COLLATE "C" NOT NULL,
    sha256        TEXT COLLATE "C" NOT NULL,
    bytes         BIGINT NOT NULL,
    extension     TEXT COLLATE "C" NOT NULL,
    queued_at     BIGINT NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    progress      BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    reason        TEXT COLLATE "C",
    changed_at    BIGINT NOT NULL,
    -- A queued job isn't begun before this; a running one's lease ends then.
    due_at        BIGINT NOT NULL,
    worker        TEXT COLLATE "C"
);
CREATE INDEX ingest_jobs_by_state ON ingest_jobs (state, due_at);
CREATE INDEX ingest_jobs_by_track ON ingest_jobs (track_id, sha256);

CREATE TABLE track_studies (
    track_id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sha256           TEXT COLLATE "C" NOT NULL,
    bytes            BIGINT NOT NULL,
    extension        TEXT COLLATE "C" NOT NULL,
    codec            TEXT COLLATE "C" NOT NULL,
    rate_hz          BIGINT NOT NULL,
    channels         BIGINT NOT NULL,
    duration_ms      BIGINT NOT NULL,
    integrated_mlufs BIGINT NOT NULL,
    range_mlu        BIGINT NOT NULL,
    true_peak_mdb    BIGINT NOT NULL,
    loudness_blocks  BYTEA NOT NULL,
    print            BYTEA NOT NULL,
    landmarks        BYTEA NOT NULL,
    waveform         BYTEA NOT NULL,
    preview_start_ms BIGINT NOT NULL,
    duplicate_of     TEXT COLLATE "C",
    -- JSON: each rung with its pieces.
    renditions       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX track_studies_by_duration ON track_studies (duration_ms);
