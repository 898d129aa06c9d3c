-- What counting must be told of the catalogue and was not told yet, as far as is known here.
-- A row is written together with the change that it is about, and removed once it was told.
-- AUTOINCREMENT: a sequence number is never given twice, not even after its row is gone.
-- A row is about a track or about a device; the columns of the other are NULL.
CREATE TABLE untold_facts (
    sequence    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    track_id    TEXT,
    revision    INTEGER,
    known       INTEGER,
    duration_ms INTEGER,
    device_id   TEXT,
    listed      INTEGER
) STRICT;
