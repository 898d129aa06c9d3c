-- Contracts as the texts of their files. Nothing is changed or removed: triggers refuse what is
-- no insert.

-- Revisions of all contracts together, from 1; at is in milliseconds since 1970.
CREATE TABLE contract_revisions (
    revision INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL
) STRICT;

-- A contract is, at a revision, what came with the last revision up to it.
CREATE TABLE contracts (
    id       TEXT    NOT NULL,
    revision INTEGER NOT NULL REFERENCES contract_revisions (revision),
    file     TEXT    NOT NULL,
    sha256   BLOB    NOT NULL,
    text     TEXT    NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT;

CREATE TRIGGER contract_revisions_stay BEFORE UPDATE ON contract_revisions
BEGIN SELECT RAISE(ABORT, 'revisions of contracts stay as they are'); END;
CREATE TRIGGER contract_revisions_remain BEFORE DELETE ON contract_revisions
BEGIN SELECT RAISE(ABORT, 'revisions of contracts are not removed'); END;
CREATE TRIGGER contracts_stay BEFORE UPDATE ON contracts
BEGIN SELECT RAISE(ABORT, 'a contract stays as it is: import what changes'); END;
CREATE TRIGGER contracts_remain BEFORE DELETE ON contracts
BEGIN SELECT RAISE(ABORT, 'a contract is not removed: end it with until'); END;
