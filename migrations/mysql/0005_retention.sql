-- What is kept of a run, and for how long.

-- The size of its log as stored, in bytes: set when the log is packed, and when somebody asks. None: not
-- known yet.
ALTER TABLE executions ADD COLUMN payload_bytes BIGINT;
-- When retention removed its log; its rows stayed.
ALTER TABLE executions ADD COLUMN payload_removed_us BIGINT;

-- Runs that are kept whatever the rules say. A person's wish, and no projection of events.
CREATE TABLE execution_pins (
    uuid      BINARY(16) NOT NULL PRIMARY KEY,
    pinned_us BIGINT     NOT NULL,
    pinned_by LONGTEXT   NOT NULL,
    note      LONGTEXT
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- Executions that are gone, or whose log is, and of which blocks or rows are still to be swept away, in
-- small steps.
CREATE TABLE execution_remains (
    execution BIGINT NOT NULL PRIMARY KEY
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;
