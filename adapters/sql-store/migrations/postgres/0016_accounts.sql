-- Accounts. Of every secret only a hash is here: of passwords argon2id, of secrets that have more than 128
-- random bits SHA-256.

-- What an administrator has set for the whole deployment.
CREATE TABLE deployment_settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- Who an account is in the logs stands in listeners, source 'accounts', user_id = account_id. An account
-- without that row is gone.
CREATE TABLE accounts (
    account_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    folded         TEXT COLLATE "C" NOT NULL UNIQUE,
    email          TEXT COLLATE "C",
    password_hash  TEXT COLLATE "C" NOT NULL,
    role           TEXT COLLATE "C" NOT NULL,
    -- Ids of parties with a space between.
    parties        TEXT COLLATE "C" NOT NULL,
    plan           TEXT COLLATE "C" NOT NULL,
    plan_until     BIGINT,
    family_of      TEXT COLLATE "C",
    territory      TEXT COLLATE "C",
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT,
    sessions_since BIGINT NOT NULL
);

CREATE INDEX accounts_by_family ON accounts (family_of);

CREATE TABLE app_passwords (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    secret_hash BYTEA NOT NULL,
    label       TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    used_at     BIGINT
);

CREATE INDEX app_passwords_by_account ON app_passwords (account_id, created_at);

-- The plan of the account that an invitation makes.
ALTER TABLE invitations ADD COLUMN plan TEXT COLLATE "C";
ALTER TABLE invitations ADD COLUMN plan_until BIGINT;
ALTER TABLE invitations ADD COLUMN family_of TEXT COLLATE "C";

-- Sessions stand on an account too, and say of which kind of browser they are.
CREATE TABLE web_sessions_next (
    secret_hash   BYTEA NOT NULL PRIMARY KEY,
    key_id        TEXT COLLATE "C",
    invitation_id TEXT COLLATE "C" UNIQUE REFERENCES invitations (id),
    account_id    TEXT COLLATE "C" REFERENCES accounts (account_id) ON DELETE CASCADE,
    device        TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    CHECK (num_nonnulls(key_id, invitation_id, account_id) = 1)
);

INSERT INTO web_sessions_next (secret_hash, key_id, invitation_id, device, created_at, seen_at, expires_at)
    SELECT secret_hash, key_id, invitation_id, '', created_at, seen_at, expires_at FROM web_sessions;
DROP TABLE web_sessions;
ALTER TABLE web_sessions_next RENAME TO web_sessions;

CREATE INDEX web_sessions_by_key ON web_sessions (key_id, created_at);
CREATE INDEX web_sessions_by_account ON web_sessions (account_id, created_at);
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);
