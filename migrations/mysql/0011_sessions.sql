-- Logins of browsers: each stands for a token, for a time.
CREATE TABLE sessions (
    -- SHA-256 of what the cookie holds.
    hash       BINARY(32) NOT NULL PRIMARY KEY,
    -- The token's hash: a token that is made later is never taken for it.
    token      BINARY(32) NOT NULL,
    created_us BIGINT     NOT NULL,
    expires_us BIGINT     NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX sessions_token ON sessions (token, created_us);
