-- What can be sent of each recording; a row for each that anything was stored of.
CREATE TABLE rendition_tracks (
    track_id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Loudness by EBU R 128, in hundredths of LUFS and dBTP; null until it is measured.
    integrated        BIGINT,
    peak              BIGINT,
    album_integrated  BIGINT,
    album_peak        BIGINT
);

CREATE TABLE renditions (
    track_id       TEXT    COLLATE "C" NOT NULL REFERENCES rendition_tracks (track_id) ON DELETE CASCADE,
    rung           TEXT    COLLATE "C" NOT NULL,
    codec          TEXT    COLLATE "C" NOT NULL,
    container      TEXT    COLLATE "C" NOT NULL,
    mime           TEXT    COLLATE "C" NOT NULL,
    bitrate_kbps   BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    -- SHA-256.
    checksum       BYTEA   NOT NULL,
    piece_bytes    BIGINT NOT NULL,
    -- Names of blobs with a space between, in order.
    pieces         TEXT    COLLATE "C" NOT NULL,
    init_bytes     BIGINT,
    -- Of each segment offset and first sample, both as LEB128 of what they have more than the one before.
    segments       BYTEA,
    sample_rate_hz BIGINT NOT NULL,
    samples        BIGINT NOT NULL,
    delay_samples  BIGINT NOT NULL,
    PRIMARY KEY (track_id, rung)
);

-- Keys that sign URLs and grants. The secret is hidden with the deployment's key, which isn't here.
CREATE TABLE delivery_keys (
    id         BIGINT NOT NULL PRIMARY KEY,
    sealed     BYTEA   NOT NULL,
    made_at    BIGINT NOT NULL,
    signs_from BIGINT NOT NULL
);

-- Where listeners play who may play in one place at a time, by pseudonym.
CREATE TABLE active_devices (
    listener TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    device   TEXT    COLLATE "C" NOT NULL,
    since    BIGINT NOT NULL
);

-- Access logs that were read, by SHA-256, and what they say was sent for each play.
CREATE TABLE delivery_logs (
    checksum BYTEA   NOT NULL PRIMARY KEY,
    name     TEXT    COLLATE "C" NOT NULL,
    from_at  BIGINT NOT NULL,
    to_at    BIGINT NOT NULL,
    read_at  BIGINT NOT NULL
);

CREATE INDEX delivery_logs_by_end ON delivery_logs (to_at);

CREATE TABLE sent_bytes (
    play_id  TEXT    COLLATE "C" NOT NULL,
    track_id TEXT    COLLATE "C" NOT NULL,
    rung     TEXT    COLLATE "C" NOT NULL,
    checksum BYTEA   NOT NULL REFERENCES delivery_logs (checksum),
    bytes    BIGINT NOT NULL,
    PRIMARY KEY (play_id, track_id, rung, checksum)
);

CREATE INDEX sent_bytes_by_log ON sent_bytes (checksum);
