-- What money is paid by: the catalogue of rights, revenue, rates of exchange, brought usage.
-- Nothing is removed: a row holds from one revision until another, or until now where that is NULL.

-- Every import that changed something; each kind ('rights', 'revenue', 'fx', 'usage') has
-- revisions of its own, from 1.
CREATE TABLE import_revisions (
    kind     TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (kind, revision)
) STRICT, WITHOUT ROWID;

-- The files that it came from, in the order in which they were given.
CREATE TABLE import_files (
    kind     TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    sha256   BLOB    NOT NULL,
    PRIMARY KEY (kind, revision, ordinal),
    FOREIGN KEY (kind, revision) REFERENCES import_revisions (kind, revision)
) STRICT, WITHOUT ROWID;

-- Lists are texts: ids and words have no spaces, so a space stands between them.
-- kinds: words.
CREATE TABLE rights_parties (
    party_id        TEXT    NOT NULL,
    since_revision  INTEGER NOT NULL,
    until_revision  INTEGER,
    name            TEXT    NOT NULL,
    kinds           TEXT    NOT NULL,
    country         TEXT,
    ipi             TEXT,
    isni            TEXT,
    dpid            TEXT,
    tax_country     TEXT,
    tax_treaty      INTEGER NOT NULL,
    payout_currency TEXT,
    minimum_payout  INTEGER,
    PRIMARY KEY (party_id, since_revision)
) STRICT, WITHOUT ROWID;

-- writers: party and role, party and role …
CREATE TABLE rights_works (
    work_id        TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    iswc           TEXT,
    title          TEXT    NOT NULL,
    writers        TEXT    NOT NULL,
    PRIMARY KEY (work_id, since_revision)
) STRICT, WITHOUT ROWID;

-- artists: party and role …; works: work and weight …, with - for no weight.
CREATE TABLE rights_recordings (
    track_id       TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    isrc           TEXT,
    title          TEXT    NOT NULL,
    duration_ms    INTEGER,
    kind           TEXT    NOT NULL,
    label          TEXT,
    artists        TEXT    NOT NULL,
    works          TEXT    NOT NULL,
    PRIMARY KEY (track_id, since_revision)
) STRICT, WITHOUT ROWID;

-- tracks: track ids, which may have spaces, a line for each. released_on: days since 1970.
CREATE TABLE rights_releases (
    release_id     TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    upc            TEXT,
    title          TEXT    NOT NULL,
    label          TEXT,
    released_on    INTEGER,
    tracks         TEXT    NOT NULL,
    PRIMARY KEY (release_id, since_revision)
) STRICT, WITHOUT ROWID;

-- All shares of a right hold from the same revision until the same revision. of_id is a track id
-- for the master right, else a work id. Days since 1970; territories: codes.
CREATE TABLE rights_shares (
    right_word     TEXT    NOT NULL,
    of_id          TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    ordinal        INTEGER NOT NULL,
    until_revision INTEGER,
    holder         TEXT    NOT NULL,
    share          TEXT    NOT NULL,
    from_day       INTEGER NOT NULL,
    until_day      INTEGER,
    territories    TEXT    NOT NULL,
    PRIMARY KEY (right_word, of_id, since_revision, ordinal)
) STRICT, WITHOUT ROWID;

-- A name that is not there is empty: any territory, any tier, no listener, no correction.
-- Amounts in ledger units, 10^-6 of the currency.
CREATE TABLE revenue_rows (
    period         TEXT    NOT NULL,
    territory      TEXT    NOT NULL,
    tier           TEXT    NOT NULL,
    listener       TEXT    NOT NULL,
    plan           TEXT    NOT NULL,
    correction     TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    subscribers    INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    gross          INTEGER NOT NULL,
    tax            INTEGER NOT NULL,
    store_fee      INTEGER NOT NULL,
    refunds        INTEGER NOT NULL,
    PRIMARY KEY (period, territory, tier, listener, plan, correction, since_revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE fx_rows (
    base           TEXT    NOT NULL,
    quote          TEXT    NOT NULL,
    day            INTEGER NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    rate           TEXT    NOT NULL,
    inverse        INTEGER NOT NULL,
    source         TEXT    NOT NULL,
    PRIMARY KEY (base, quote, day, since_revision)
) STRICT, WITHOUT ROWID;

-- A month of one source's usage is replaced as a whole.
CREATE TABLE usage_months (
    source         TEXT    NOT NULL,
    period         TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    until_revision INTEGER,
    PRIMARY KEY (source, period, since_revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_rows (
    source         TEXT    NOT NULL,
    period         TEXT    NOT NULL,
    since_revision INTEGER NOT NULL,
    track_id       TEXT    NOT NULL,
    territory      TEXT    NOT NULL,
    tier           TEXT    NOT NULL,
    usage_use      TEXT    NOT NULL,
    listener       TEXT    NOT NULL,
    plays          INTEGER NOT NULL,
    PRIMARY KEY (source, period, since_revision, track_id, territory, tier, usage_use, listener),
    FOREIGN KEY (source, period, since_revision)
        REFERENCES usage_months (source, period, since_revision)
) STRICT, WITHOUT ROWID;
