-- Tickets: each logs a browser in once, for the token that it was made with.
CREATE TABLE tickets (
    -- SHA-256 of the ticket.
    hash       BYTEA  NOT NULL PRIMARY KEY,
    -- The token's hash, as in sessions.
    token      BYTEA  NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE INDEX tickets_token ON tickets (token, expires_us);
