-- What all programs that share this state must have alike, by name: written by the first that starts, compared by
-- every later one.
CREATE TABLE accords (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
