-- Accounts. Of every secret only a hash is here: of passwords argon2id, of secrets that have more than 128
-- random bits SHA-256.

-- What an administrator has set for the whole deployment.
CREATE TABLE deployment_settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who an account is in the logs stands in listeners, source 'accounts', user_id = account_id. An account
-- without that row is gone.
CREATE TABLE accounts (
    account_id     TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    folded         TEXT    NOT NULL UNIQUE,
    email          TEXT,
    password_hash  TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    -- Ids of parties with a space between.
    parties        TEXT    NOT NULL,
    plan           TEXT    NOT NULL,
    plan_until     INTEGER,
    family_of      TEXT,
    territory      TEXT,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER,
    sessions_since INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_by_family ON accounts (family_of);

CREATE TABLE app_passwords (
    id          TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    secret_hash BLOB    NOT NULL,
    label       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER
) STRICT;

CREATE INDEX app_passwords_by_account ON app_passwords (account_id, created_at);

-- The plan of the account that an invitation makes.
ALTER TABLE invitations ADD COLUMN plan TEXT;
ALTER TABLE invitations ADD COLUMN plan_until INTEGER;
ALTER TABLE invitations ADD COLUMN family_of TEXT;

-- Sessions stand on an account too, and say of which kind of browser they are.
CREATE TABLE web_sessions_next (
    secret_hash   BLOB    NOT NULL PRIMARY KEY,
    key_id        TEXT,
    invitation_id TEXT    UNIQUE REFERENCES invitations (id),
    account_id    TEXT    REFERENCES accounts (account_id) ON DELETE CASCADE,
    device        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    CHECK ((key_id IS NOT NULL) + (invitation_id IS NOT NULL) + (account_id IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;

INSERT INTO web_sessions_next (secret_hash, key_id, invitation_id, device, created_at, seen_at, expires_at)
    SELECT secret_hash, key_id, invitation_id, '', created_at, seen_at, expires_at FROM web_sessions;
DROP TABLE web_sessions;
ALTER TABLE web_sessions_next RENAME TO web_sessions;

CREATE INDEX web_sessions_by_key ON web_sessions (key_id, created_at);
CREATE INDEX web_sessions_by_account ON web_sessions (account_id, created_at);
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);
