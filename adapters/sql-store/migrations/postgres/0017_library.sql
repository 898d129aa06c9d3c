-- The music library: what listeners see. A track's id is that of `tracks`. Texts with a `_json` name are JSON of
-- this program's own; sort keys and genre keys are folded texts; a day that isn't known is ''.

CREATE TABLE music_folders (
    folder_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    path      TEXT COLLATE "C" NOT NULL UNIQUE,
    added_at  BIGINT NOT NULL
);

-- What is added up over releases stands in `releases`.
CREATE TABLE library_artists (
    artist_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    sort_name      TEXT COLLATE "C" NOT NULL,
    sort_key       TEXT COLLATE "C" NOT NULL,
    musicbrainz_id TEXT COLLATE "C",
    biography      TEXT COLLATE "C" NOT NULL,
    picture        TEXT COLLATE "C",
    releases       BIGINT NOT NULL
);
CREATE INDEX library_artists_by_name ON library_artists (sort_key, artist_id) WHERE releases > 0;

-- From `tracks` on: added up over the tracks that are there to be heard.
CREATE TABLE library_releases (
    release_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title             TEXT COLLATE "C" NOT NULL,
    sort_key          TEXT COLLATE "C" NOT NULL,
    kind              TEXT COLLATE "C" NOT NULL,
    released_on       TEXT COLLATE "C" NOT NULL,
    label             TEXT COLLATE "C",
    upc               TEXT COLLATE "C",
    musicbrainz_id    TEXT COLLATE "C",
    cover             TEXT COLLATE "C",
    compilation       BOOLEAN NOT NULL,
    artists_json      TEXT COLLATE "C" NOT NULL,
    artists_by_tracks BOOLEAN NOT NULL,
    added_at          BIGINT NOT NULL,
    tracks            BIGINT NOT NULL,
    discs             BIGINT NOT NULL,
    duration_ms       BIGINT NOT NULL,
    explicit          BOOLEAN NOT NULL,
    genres_json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX library_releases_by_day ON library_releases (released_on, release_id) WHERE tracks > 0;
CREATE INDEX library_releases_by_arrival ON library_releases (added_at, release_id) WHERE tracks > 0;
CREATE INDEX library_releases_by_title ON library_releases (sort_key, release_id) WHERE tracks > 0;

-- Who has which part in a release of which anything is there.
CREATE TABLE library_release_artists (
    artist_id   TEXT COLLATE "C" NOT NULL REFERENCES library_artists (artist_id),
    part        TEXT COLLATE "C" NOT NULL,
    released_on TEXT COLLATE "C" NOT NULL,
    release_id  TEXT COLLATE "C" NOT NULL REFERENCES library_releases (release_id),
    PRIMARY KEY (artist_id, part, released_on, release_id)
);
CREATE INDEX library_release_artists_by_release ON library_release_artists (release_id);

CREATE TABLE library_genres (
    genre_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name      TEXT COLLATE "C" NOT NULL,
    releases  BIGINT NOT NULL,
    tracks    BIGINT NOT NULL
);

CREATE TABLE library_release_genres (
    genre_key   TEXT COLLATE "C" NOT NULL REFERENCES library_genres (genre_key),
    released_on TEXT COLLATE "C" NOT NULL,
    release_id  TEXT COLLATE "C" NOT NULL REFERENCES library_releases (release_id),
    tracks      BIGINT NOT NULL,
    PRIMARY KEY (genre_key, released_on, release_id)
);
CREATE INDEX library_release_genres_by_release ON library_release_genres (release_id);

CREATE TABLE library_tracks (
    track_id       TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tracks (track_id),
    release_id     TEXT COLLATE "C" NOT NULL REFERENCES library_releases (release_id),
    disc           BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    title          TEXT COLLATE "C" NOT NULL,
    credits_json   TEXT COLLATE "C" NOT NULL,
    duration_ms    BIGINT NOT NULL,
    explicit       BOOLEAN NOT NULL,
    explicit_said  BOOLEAN,
    genres_json    TEXT COLLATE "C" NOT NULL,
    isrc           TEXT COLLATE "C",
    musicbrainz_id TEXT COLLATE "C",
    has_lyrics     BOOLEAN NOT NULL,
    added_at       BIGINT NOT NULL,
    missing_since  BIGINT
);
CREATE INDEX library_tracks_by_release ON library_tracks (release_id, disc, number, track_id);

CREATE TABLE library_credits (
    artist_id TEXT COLLATE "C" NOT NULL REFERENCES library_artists (artist_id),
    track_id  TEXT COLLATE "C" NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (artist_id, track_id)
);
CREATE INDEX library_credits_by_track ON library_credits (track_id);

CREATE TABLE library_track_genres (
    genre_key TEXT COLLATE "C" NOT NULL,
    track_id  TEXT COLLATE "C" NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (genre_key, track_id)
);
CREATE INDEX library_track_genres_by_track ON library_track_genres (track_id);

CREATE TABLE library_lyrics (
    track_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES library_tracks (track_id),
    plain    TEXT COLLATE "C",
    synced   TEXT COLLATE "C"
);

CREATE TABLE library_relations (
    track_id    TEXT COLLATE "C" NOT NULL REFERENCES library_tracks (track_id),
    kind        TEXT COLLATE "C" NOT NULL,
    of_track_id TEXT COLLATE "C" NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (track_id, kind, of_track_id)
);
CREATE INDEX library_relations_by_other ON library_relations (of_track_id);

-- What artists and releases are known by elsewhere.
CREATE TABLE library_keys (
    keyed     TEXT COLLATE "C" NOT NULL,
    match_key TEXT COLLATE "C" NOT NULL,
    id        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (keyed, match_key)
);

-- Paths are within the folder, joined by '/', with '%' and what is no UTF-8 as %25, %FF.
CREATE TABLE library_files (
    folder_id       TEXT COLLATE "C" NOT NULL REFERENCES music_folders (folder_id),
    path            TEXT COLLATE "C" NOT NULL,
    track_id        TEXT COLLATE "C" NOT NULL REFERENCES library_tracks (track_id),
    bytes           BIGINT NOT NULL,
    modified_ms     BIGINT NOT NULL,
    audio_sha256    BYTEA NOT NULL,
    content_sha256  BYTEA,
    format          TEXT COLLATE "C" NOT NULL,
    duration_ms     BIGINT NOT NULL,
    bitrate_kbps    BIGINT NOT NULL,
    sample_rate_hz  BIGINT NOT NULL,
    channels        BIGINT NOT NULL,
    bits_per_sample BIGINT,
    missing_since   BIGINT,
    PRIMARY KEY (folder_id, path)
);
CREATE INDEX library_files_by_track ON library_files (track_id);
CREATE INDEX library_files_by_audio ON library_files (audio_sha256);

CREATE TABLE library_skipped (
    folder_id   TEXT COLLATE "C" NOT NULL REFERENCES music_folders (folder_id),
    path        TEXT COLLATE "C" NOT NULL,
    bytes       BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (folder_id, path)
);

CREATE TABLE library_scans (
    number      BIGINT NOT NULL PRIMARY KEY,
    folder_id   TEXT COLLATE "C" NOT NULL REFERENCES music_folders (folder_id),
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    report_json TEXT COLLATE "C" NOT NULL
);

-- A file with an ISRC that counting knows already is of that track.
CREATE INDEX tracks_by_isrc ON tracks (isrc) WHERE isrc IS NOT NULL;
