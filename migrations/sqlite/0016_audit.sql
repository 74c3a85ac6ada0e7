-- The audit trail: who did what to the history. Entries are only ever added; each has the hash of the one before it.
CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    -- token:NAME, user:NAME or anonymous; the token's key and scopes; how they were known; from which address.
    actor  TEXT NOT NULL,
    token  INTEGER,
    scopes TEXT NOT NULL,
    via    TEXT NOT NULL,
    peer   TEXT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    note   TEXT,
    -- JSON.
    was    TEXT,
    became TEXT,
    hash   BLOB NOT NULL
);

CREATE INDEX audit_time ON audit (at_us, number);

-- Where the trail ends: what is removed from its end is missed.
CREATE TABLE audit_head (
    id     INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL
);

INSERT INTO audit_head (id, number, hash) VALUES (1, 0, zeroblob(32));
