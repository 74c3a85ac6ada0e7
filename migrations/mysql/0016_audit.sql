-- The audit trail: who did what to the history. Entries are only ever added; each has the hash of the one before it.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    at_us  BIGINT NOT NULL,
    -- token:NAME, user:NAME or anonymous; the token's key and scopes; how they were known; from which address.
    actor  VARBINARY(4096) NOT NULL,
    token  BIGINT,
    scopes LONGTEXT NOT NULL,
    via    LONGTEXT NOT NULL,
    peer   LONGTEXT,
    action VARBINARY(64) NOT NULL,
    object VARBINARY(8100) NOT NULL,
    note   LONGTEXT,
    -- JSON.
    was    LONGTEXT,
    became LONGTEXT,
    hash   BINARY(32) NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX audit_time ON audit (at_us, number);

-- Where the trail ends: what is removed from its end is missed.
CREATE TABLE audit_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   BINARY(32) NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

INSERT INTO audit_head (id, number, hash) VALUES (1, 0, REPEAT(CHAR(0), 32));
