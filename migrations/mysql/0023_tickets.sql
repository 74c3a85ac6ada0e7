-- Tickets: each logs a browser in once, for the token that it was made with.
CREATE TABLE tickets (
    -- SHA-256 of the ticket.
    hash       BINARY(32) NOT NULL PRIMARY KEY,
    -- The token's hash, as in sessions.
    token      BINARY(32) NOT NULL,
    expires_us BIGINT     NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX tickets_token ON tickets (token, expires_us);
