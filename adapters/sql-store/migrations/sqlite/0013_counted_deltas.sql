-- What counts by day, recording, country and plan: plays that count now minus plays that count no more.
-- A commit inserts rows of its own, so two partitions never wait for each other; one job adds them to the sums.
-- What counts is the sum over the view counted_rows. An empty territory or tier: none is known.

-- Up to where the records of each partition are in the two tables; a partition without a row: none.
CREATE TABLE counted_positions (
    partition INTEGER NOT NULL PRIMARY KEY REFERENCES partition_commits (partition),
    position  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- As commits inserted them: the records before a position, from the position before on. A row has several
-- entries of a day, [["recording", "territory", "tier", plays], …]: of most recordings a moment has one play,
-- and a row for each would cost more than what it says.
CREATE TABLE counted_deltas (
    partition INTEGER NOT NULL REFERENCES partition_commits (partition),
    position  INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    entries   TEXT    NOT NULL,
    PRIMARY KEY (partition, position, number)
) STRICT, WITHOUT ROWID;

-- Rolled up, of all partitions together.
CREATE TABLE counted_sums (
    day       INTEGER NOT NULL,
    track_id  TEXT    NOT NULL,
    territory TEXT    NOT NULL,
    tier      TEXT    NOT NULL,
    plays     INTEGER NOT NULL,
    PRIMARY KEY (day, track_id, territory, tier)
) STRICT, WITHOUT ROWID;

-- Both together, for whoever asks: what counts is the sum of plays.
CREATE VIEW counted_rows AS
SELECT day, track_id, territory, tier, plays FROM counted_sums
UNION ALL
SELECT counted_deltas.day, json_extract(entry.value, '$[0]'), json_extract(entry.value, '$[1]'),
       json_extract(entry.value, '$[2]'), json_extract(entry.value, '$[3]')
FROM counted_deltas, json_each(counted_deltas.entries) AS entry;
