-- The music library: what listeners see. A track's id is that of `tracks`. Texts with a `_json` name are JSON of
-- this program's own; sort keys and genre keys are folded texts; a day that isn't known is ''.

CREATE TABLE music_folders (
    folder_id TEXT NOT NULL PRIMARY KEY,
    path      TEXT NOT NULL UNIQUE,
    added_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is added up over releases stands in `releases`.
CREATE TABLE library_artists (
    artist_id      TEXT NOT NULL PRIMARY KEY,
    name           TEXT NOT NULL,
    sort_name      TEXT NOT NULL,
    sort_key       TEXT NOT NULL,
    musicbrainz_id TEXT,
    biography      TEXT NOT NULL,
    picture        TEXT,
    releases       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX library_artists_by_name ON library_artists (sort_key, artist_id) WHERE releases > 0;

-- From `tracks` on: added up over the tracks that are there to be heard.
CREATE TABLE library_releases (
    release_id        TEXT NOT NULL PRIMARY KEY,
    title             TEXT NOT NULL,
    sort_key          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    released_on       TEXT NOT NULL,
    label             TEXT,
    upc               TEXT,
    musicbrainz_id    TEXT,
    cover             TEXT,
    compilation       INTEGER NOT NULL,
    artists_json      TEXT NOT NULL,
    artists_by_tracks INTEGER NOT NULL,
    added_at          INTEGER NOT NULL,
    tracks            INTEGER NOT NULL,
    discs             INTEGER NOT NULL,
    duration_ms       INTEGER NOT NULL,
    explicit          INTEGER NOT NULL,
    genres_json       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX library_releases_by_day ON library_releases (released_on, release_id) WHERE tracks > 0;
CREATE INDEX library_releases_by_arrival ON library_releases (added_at, release_id) WHERE tracks > 0;
CREATE INDEX library_releases_by_title ON library_releases (sort_key, release_id) WHERE tracks > 0;

-- Who has which part in a release of which anything is there.
CREATE TABLE library_release_artists (
    artist_id   TEXT NOT NULL REFERENCES library_artists (artist_id),
    part        TEXT NOT NULL,
    released_on TEXT NOT NULL,
    release_id  TEXT NOT NULL REFERENCES library_releases (release_id),
    PRIMARY KEY (artist_id, part, released_on, release_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_release_artists_by_release ON library_release_artists (release_id);

CREATE TABLE library_genres (
    genre_key TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL,
    releases  INTEGER NOT NULL,
    tracks    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE library_release_genres (
    genre_key   TEXT NOT NULL REFERENCES library_genres (genre_key),
    released_on TEXT NOT NULL,
    release_id  TEXT NOT NULL REFERENCES library_releases (release_id),
    tracks      INTEGER NOT NULL,
    PRIMARY KEY (genre_key, released_on, release_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_release_genres_by_release ON library_release_genres (release_id);

CREATE TABLE library_tracks (
    track_id       TEXT NOT NULL PRIMARY KEY REFERENCES tracks (track_id),
    release_id     TEXT NOT NULL REFERENCES library_releases (release_id),
    disc           INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    title          TEXT NOT NULL,
    credits_json   TEXT NOT NULL,
    duration_ms    INTEGER NOT NULL,
    explicit       INTEGER NOT NULL,
    explicit_said  INTEGER,
    genres_json    TEXT NOT NULL,
    isrc           TEXT,
    musicbrainz_id TEXT,
    has_lyrics     INTEGER NOT NULL,
    added_at       INTEGER NOT NULL,
    missing_since  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX library_tracks_by_release ON library_tracks (release_id, disc, number, track_id);

CREATE TABLE library_credits (
    artist_id TEXT NOT NULL REFERENCES library_artists (artist_id),
    track_id  TEXT NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (artist_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_credits_by_track ON library_credits (track_id);

CREATE TABLE library_track_genres (
    genre_key TEXT NOT NULL,
    track_id  TEXT NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (genre_key, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_track_genres_by_track ON library_track_genres (track_id);

CREATE TABLE library_lyrics (
    track_id TEXT NOT NULL PRIMARY KEY REFERENCES library_tracks (track_id),
    plain    TEXT,
    synced   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE library_relations (
    track_id    TEXT NOT NULL REFERENCES library_tracks (track_id),
    kind        TEXT NOT NULL,
    of_track_id TEXT NOT NULL REFERENCES library_tracks (track_id),
    PRIMARY KEY (track_id, kind, of_track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_relations_by_other ON library_relations (of_track_id);

-- What artists and releases are known by elsewhere.
CREATE TABLE library_keys (
    keyed     TEXT NOT NULL,
    match_key TEXT NOT NULL,
    id        TEXT NOT NULL,
    PRIMARY KEY (keyed, match_key)
) STRICT, WITHOUT ROWID;

-- Paths are within the folder, joined by '/', with '%' and what is no UTF-8 as %25, %FF.
CREATE TABLE library_files (
    folder_id       TEXT NOT NULL REFERENCES music_folders (folder_id),
    path            TEXT NOT NULL,
    track_id        TEXT NOT NULL REFERENCES library_tracks (track_id),
    bytes           INTEGER NOT NULL,
    modified_ms     INTEGER NOT NULL,
    audio_sha256    BLOB NOT NULL,
    content_sha256  BLOB,
    format          TEXT NOT NULL,
    duration_ms     INTEGER NOT NULL,
    bitrate_kbps    INTEGER NOT NULL,
    sample_rate_hz  INTEGER NOT NULL,
    channels        INTEGER NOT NULL,
    bits_per_sample INTEGER,
    missing_since   INTEGER,
    PRIMARY KEY (folder_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX library_files_by_track ON library_files (track_id);
CREATE INDEX library_files_by_audio ON library_files (audio_sha256);

CREATE TABLE library_skipped (
    folder_id   TEXT NOT NULL REFERENCES music_folders (folder_id),
    path        TEXT NOT NULL,
    bytes       INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (folder_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE library_scans (
    number      INTEGER NOT NULL PRIMARY KEY,
    folder_id   TEXT NOT NULL REFERENCES music_folders (folder_id),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    report_json TEXT NOT NULL
) STRICT;

-- A file with an ISRC that counting knows already is of that track.
CREATE INDEX tracks_by_isrc ON tracks (isrc) WHERE isrc IS NOT NULL;
