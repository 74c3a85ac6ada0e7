-- The audit trail: who did what to the history. Entries are only ever added; each has the hash of the one before it.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    at_us  BIGINT NOT NULL,
    -- token:NAME, user:NAME or anonymous; the token's key and scopes; how they were known; from which address.
    actor  TEXT COLLATE "C" NOT NULL,
    token  BIGINT,
    scopes TEXT NOT NULL,
    via    TEXT NOT NULL,
    peer   TEXT,
    action TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    note   TEXT,
    -- JSON.
    was    TEXT,
    became TEXT,
    hash   BYTEA NOT NULL
);

CREATE INDEX audit_time ON audit (at_us, number);

-- Where the trail ends: what is removed from its end is missed.
CREATE TABLE audit_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   BYTEA NOT NULL
);

INSERT INTO audit_head (id, number, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
