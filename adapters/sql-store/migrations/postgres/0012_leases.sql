-- Leases: which node owns which partition. Times are milliseconds of the database's clock since 1970; what
-- lasts so long is over when the clock is that far from since_ms, in either direction.

-- A lease is of one epoch: where the partition has another one, it is no more. No node: nobody's.
CREATE TABLE partition_leases (
    partition BIGINT NOT NULL PRIMARY KEY REFERENCES partition_commits (partition),
    node      TEXT COLLATE "C",
    epoch     BIGINT NOT NULL,
    since_ms  BIGINT NOT NULL,
    lasts_ms  BIGINT NOT NULL
);

-- When each node was heard of last.
CREATE TABLE nodes (
    node     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since_ms BIGINT NOT NULL,
    lasts_ms BIGINT NOT NULL
);
