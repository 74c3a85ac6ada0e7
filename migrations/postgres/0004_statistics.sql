-- Statistics: executions added up by day, so that what a question costs does not grow with the history, and
-- trends outlive the runs.

-- Days (UTC, since the epoch) on which executions started that are over. `version` grows with every change
-- of theirs; `rolled` is the version that the roll-up shows. Where the two differ, the executions themselves
-- are read.
CREATE TABLE stat_days (
    day     BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    rolled  BIGINT NOT NULL
);

-- The roll-ups. `archived`: of executions that retention deleted; the others are of those that are there, and
-- are made anew from them. kind: 0 runs, 1 hosts where they failed, 2 hosts elsewhere, 3 tasks. A large one
-- is cut into parts. data: model::stats::encode, compressed.
CREATE TABLE stat_rolls (
    kind     SMALLINT NOT NULL,
    day      BIGINT   NOT NULL,
    archived BOOLEAN  NOT NULL,
    part     INTEGER  NOT NULL,
    data     BYTEA    NOT NULL,
    PRIMARY KEY (kind, day, archived, part)
);

-- It is compressed already.
ALTER TABLE stat_rolls ALTER COLUMN data SET STORAGE EXTERNAL;

-- What is there already waits to be rolled up. Days before the epoch are rounded down too.
INSERT INTO stat_days (day, version, rolled)
SELECT DISTINCT
    CASE WHEN started_us >= 0 THEN started_us / 86400000000 ELSE -((-(started_us + 1)) / 86400000000) - 1 END,
    1, 0
FROM executions WHERE status <> 'running';
