-- What all programs that share this state must have alike, by name: written by the first that starts, compared by
-- every later one.
CREATE TABLE accords (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
