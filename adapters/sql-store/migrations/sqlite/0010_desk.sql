-- Contracts that somebody proposes and another approves; and who did what.
-- Rows are only ever added; the triggers below refuse anything else.

CREATE TABLE terms_proposals (
    number      INTEGER NOT NULL PRIMARY KEY,
    -- The contracts' files, as JSON.
    files       TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    proposed_by TEXT    NOT NULL,
    proposed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE terms_proposal_decisions (
    number     INTEGER NOT NULL PRIMARY KEY REFERENCES terms_proposals (number),
    -- Of all contracts, once it was approved; null where it was rejected.
    revision   INTEGER,
    note       TEXT    NOT NULL,
    decided_by TEXT    NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;

-- Every request that changes something, and every sign-in; at is in milliseconds since 1970.
CREATE TABLE audit_log (
    number INTEGER NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT    NOT NULL,
    role   TEXT,
    method TEXT    NOT NULL,
    path   TEXT    NOT NULL,
    object TEXT,
    status INTEGER NOT NULL
) STRICT;

CREATE TRIGGER terms_proposals_stay BEFORE UPDATE ON terms_proposals
BEGIN SELECT RAISE(ABORT, 'a proposal is never changed'); END;
CREATE TRIGGER terms_proposals_remain BEFORE DELETE ON terms_proposals
BEGIN SELECT RAISE(ABORT, 'a proposal is never removed'); END;
CREATE TRIGGER terms_proposal_decisions_stay BEFORE UPDATE ON terms_proposal_decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END;
CREATE TRIGGER terms_proposal_decisions_remain BEFORE DELETE ON terms_proposal_decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never removed'); END;
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'what was done stays noted'); END;
CREATE TRIGGER audit_log_remains BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'what was done stays noted'); END;
