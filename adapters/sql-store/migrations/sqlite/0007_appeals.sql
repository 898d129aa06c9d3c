-- Appeals: what was asked and found, what a person decided, and that the log has it.
-- Rows are only ever added; the triggers below refuse anything else.

CREATE TABLE appeals (
    number    INTEGER NOT NULL PRIMARY KEY,
    -- What it is against, and what was found of its plays, as JSON.
    subject   TEXT    NOT NULL,
    plays     TEXT    NOT NULL,
    unnamed   INTEGER NOT NULL,
    appellant TEXT    NOT NULL,
    grounds   TEXT    NOT NULL,
    opened_by TEXT    NOT NULL,
    opened_at INTEGER NOT NULL
);

CREATE INDEX appeals_by_subject ON appeals (subject);

CREATE TABLE appeal_decisions (
    number     INTEGER NOT NULL PRIMARY KEY REFERENCES appeals (number),
    outcome    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    decided_by TEXT    NOT NULL,
    decided_at INTEGER NOT NULL
);

CREATE TABLE appeal_rulings (
    number     INTEGER NOT NULL PRIMARY KEY REFERENCES appeal_decisions (number),
    applied_at INTEGER NOT NULL
);

CREATE TRIGGER appeals_stay BEFORE UPDATE ON appeals
BEGIN SELECT RAISE(ABORT, 'an appeal is never changed'); END;
CREATE TRIGGER appeals_remain BEFORE DELETE ON appeals
BEGIN SELECT RAISE(ABORT, 'an appeal is never removed'); END;
CREATE TRIGGER appeal_decisions_stay BEFORE UPDATE ON appeal_decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END;
CREATE TRIGGER appeal_decisions_remain BEFORE DELETE ON appeal_decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
