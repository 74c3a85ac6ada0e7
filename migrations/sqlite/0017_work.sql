-- Work in the background that one collector does at a time: who does it, and how it went.
CREATE TABLE work_leases (
    name             TEXT    NOT NULL PRIMARY KEY,
    -- The collector that does it, by the name that it took when it was started; none: nobody.
    holder           BLOB,
    -- By the database's own clock. Whoever does the work renews it; a collector that died does not.
    until_us         BIGINT  NOT NULL DEFAULT 0,
    -- Grows with each claim: a holder that comes too late has an older one.
    fence            BIGINT  NOT NULL DEFAULT 0,
    -- Claims since the work last succeeded.
    attempts         BIGINT  NOT NULL DEFAULT 0,
    last_started_us  BIGINT,
    last_finished_us BIGINT,
    last_error       TEXT
) WITHOUT ROWID;
