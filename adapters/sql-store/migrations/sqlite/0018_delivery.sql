-- What can be sent of each recording; a row for each that anything was stored of.
CREATE TABLE rendition_tracks (
    track_id          TEXT NOT NULL PRIMARY KEY,
    -- Loudness by EBU R 128, in hundredths of LUFS and dBTP; null until it is measured.
    integrated        INTEGER,
    peak              INTEGER,
    album_integrated  INTEGER,
    album_peak        INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE renditions (
    track_id       TEXT    NOT NULL REFERENCES rendition_tracks (track_id) ON DELETE CASCADE,
    rung           TEXT    NOT NULL,
    codec          TEXT    NOT NULL,
    container      TEXT    NOT NULL,
    mime           TEXT    NOT NULL,
    bitrate_kbps   INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    -- SHA-256.
    checksum       BLOB    NOT NULL,
    piece_bytes    INTEGER NOT NULL,
    -- Names of blobs with a space between, in order.
    pieces         TEXT    NOT NULL,
    init_bytes     INTEGER,
    -- Of each segment offset and first sample, both as LEB128 of what they have more than the one before.
    segments       BLOB,
    sample_rate_hz INTEGER NOT NULL,
    samples        INTEGER NOT NULL,
    delay_samples  INTEGER NOT NULL,
    PRIMARY KEY (track_id, rung)
) STRICT, WITHOUT ROWID;

-- Keys that sign URLs and grants. The secret is hidden with the deployment's key, which isn't here.
CREATE TABLE delivery_keys (
    id         INTEGER NOT NULL PRIMARY KEY,
    sealed     BLOB    NOT NULL,
    made_at    INTEGER NOT NULL,
    signs_from INTEGER NOT NULL
) STRICT;

-- Where listeners play who may play in one place at a time, by pseudonym.
CREATE TABLE active_devices (
    listener TEXT    NOT NULL PRIMARY KEY,
    device   TEXT    NOT NULL,
    since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Access logs that were read, by SHA-256, and what they say was sent for each play.
CREATE TABLE delivery_logs (
    checksum BLOB    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    from_at  INTEGER NOT NULL,
    to_at    INTEGER NOT NULL,
    read_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_logs_by_end ON delivery_logs (to_at);

CREATE TABLE sent_bytes (
    play_id  TEXT    NOT NULL,
    track_id TEXT    NOT NULL,
    rung     TEXT    NOT NULL,
    checksum BLOB    NOT NULL REFERENCES delivery_logs (checksum),
    bytes    INTEGER NOT NULL,
    PRIMARY KEY (play_id, track_id, rung, checksum)
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_bytes_by_log ON sent_bytes (checksum);
