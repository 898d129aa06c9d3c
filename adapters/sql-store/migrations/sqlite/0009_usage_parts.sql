-- A month of one source's usage, packed: it is written and read whole, and never searched. Usage that an
-- earlier build kept as rows must be imported again.
DROP TABLE usage_rows;

CREATE TABLE usage_parts (
    source         TEXT    NOT NULL,
    period         TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    part           INTEGER NOT NULL,
    bytes          BLOB    NOT NULL,
    PRIMARY KEY (source, period, since_revision, part),
    FOREIGN KEY (source, period, since_revision)
        REFERENCES usage_months (source, period, since_revision)
) STRICT;
