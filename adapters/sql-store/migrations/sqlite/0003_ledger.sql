-- The ledger. It only grows: triggers refuse what is no insert, but for the balances, which
-- follow the postings and are compared with them by `ledger verify`.

-- An entry is its canonical bytes; what stands beside them is there to be searched by.
CREATE TABLE ledger_entries (
    seq      INTEGER NOT NULL PRIMARY KEY,
    key      TEXT    NOT NULL UNIQUE,
    period   TEXT    NOT NULL,
    corrects TEXT,
    hash     BLOB    NOT NULL,
    bytes    BLOB    NOT NULL
) STRICT;
CREATE INDEX ledger_entries_by_period ON ledger_entries (period);
CREATE INDEX ledger_entries_by_corrects ON ledger_entries (corrects) WHERE corrects IS NOT NULL;

-- The end of the chain behind each transaction that posted: one line, which is signed.
CREATE TABLE ledger_heads (
    seq       INTEGER NOT NULL PRIMARY KEY,
    booked_at INTEGER NOT NULL,
    head      TEXT    NOT NULL
) STRICT;
CREATE INDEX ledger_heads_by_booking ON ledger_heads (booked_at);

-- Accounts by the words of their holder (service, party:P1), currency and kind.
CREATE TABLE ledger_accounts (
    account  INTEGER NOT NULL PRIMARY KEY,
    holder   TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    balance  INTEGER NOT NULL,
    UNIQUE (holder, currency, kind)
) STRICT;

-- The postings of the entries by account, in ledger units; effective is in days since 1970.
CREATE TABLE ledger_postings (
    account   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    amount    INTEGER NOT NULL,
    effective INTEGER NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;

-- The record of each month's close. What it says, the ledger doesn't look at.
CREATE TABLE close_records (
    period   TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    record   BLOB    NOT NULL
) STRICT;

CREATE TRIGGER ledger_entries_stay BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_entries_remain BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_heads_stay BEFORE UPDATE ON ledger_heads
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_heads_remain BEFORE DELETE ON ledger_heads
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_postings_stay BEFORE UPDATE ON ledger_postings
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_postings_remain BEFORE DELETE ON ledger_postings
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_accounts_stay BEFORE UPDATE OF account, holder, currency, kind ON ledger_accounts
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
CREATE TRIGGER ledger_accounts_remain BEFORE DELETE ON ledger_accounts
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: post a correction'); END;
