-- What counts by day, recording, country and plan: plays that count now minus plays that count no more.
-- A commit inserts rows of its own, so two partitions never wait for each other; one job adds them to the sums.
-- What counts is the sum over the view counted_rows. An empty territory or tier: none is known.

-- Up to where the records of each partition are in the two tables; a partition without a row: none.
CREATE TABLE counted_positions (
    partition BIGINT  NOT NULL PRIMARY KEY REFERENCES partition_commits (partition),
    position  BIGINT  NOT NULL
);

-- As commits inserted them: the records before a position, from the position before on. A row has several
-- entries of a day, [["recording", "territory", "tier", plays], …]: of most recordings a moment has one play,
-- and a row for each would cost more than what it says.
CREATE TABLE counted_deltas (
    partition BIGINT  NOT NULL REFERENCES partition_commits (partition),
    position  BIGINT  NOT NULL,
    number    BIGINT  NOT NULL,
    day       BIGINT  NOT NULL,
    entries   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (partition, position, number)
);

-- Rolled up, of all partitions together.
CREATE TABLE counted_sums (
    day       BIGINT  NOT NULL,
    track_id  TEXT COLLATE "C" NOT NULL,
    territory TEXT COLLATE "C" NOT NULL,
    tier      TEXT COLLATE "C" NOT NULL,
    plays     BIGINT  NOT NULL,
    PRIMARY KEY (day, track_id, territory, tier)
);

-- Both together, for whoever asks: what counts is the sum of plays.
CREATE VIEW counted_rows AS
SELECT day, track_id, territory, tier, plays FROM counted_sums
UNION ALL
SELECT counted_deltas.day, (entry ->> 0) COLLATE "C", (entry ->> 1) COLLATE "C", (entry ->> 2) COLLATE "C",
       CAST(entry ->> 3 AS BIGINT)
FROM counted_deltas CROSS JOIN LATERAL jsonb_array_elements(CAST(counted_deltas.entries AS JSONB)) AS entry;
