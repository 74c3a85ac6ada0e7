-- Logins of browsers: each stands for a token, for a time.
CREATE TABLE sessions (
    -- SHA-256 of what the cookie holds.
    hash       BYTEA  NOT NULL PRIMARY KEY,
    -- The token's hash: a token that is made later is never taken for it.
    token      BYTEA  NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE INDEX sessions_token ON sessions (token, created_us);
