-- Schedules: what the launcher starts by itself, and when.
CREATE TABLE schedules (
    uuid       BINARY(16)  NOT NULL PRIMARY KEY,
    name       VARBINARY(1020) NOT NULL UNIQUE,
    cron       LONGTEXT    NOT NULL,
    -- Of the IANA time zone database.
    zone       LONGTEXT    NOT NULL,
    -- skip, queue, cancel
    overlap    VARCHAR(16) NOT NULL,
    -- skip, run_once
    missed     VARCHAR(16) NOT NULL,
    jitter_seconds BIGINT  NOT NULL,
    -- What runs: one JSON object. Secrets are only named in it.
    run        LONGTEXT    NOT NULL,
    description LONGTEXT,
    -- On whose behalf it starts runs: the actor, and the hash of the token; none: the collector served without tokens.
    owner      LONGTEXT    NOT NULL,
    token      BINARY(32),
    created_us BIGINT      NOT NULL,
    changed_us BIGINT      NOT NULL,
    paused_us  BIGINT,
    paused_by  LONGTEXT,
    paused_note LONGTEXT,
    -- Its times up to this one are decided: what they started, or why not.
    decided_us BIGINT      NOT NULL,
    -- Grows with each change and each decision: whoever decides on an older one is too late.
    revision   BIGINT      NOT NULL,
    -- Number of the last decision, and the execution that was started last.
    last_tick  BIGINT,
    last_execution BINARY(16)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- What became of a schedule's times, the last ones of each.
CREATE TABLE schedule_ticks (
    schedule    BINARY(16)  NOT NULL,
    number      BIGINT      NOT NULL,
    -- The time of the cron line, and when it was decided about.
    time_us     BIGINT      NOT NULL,
    decided_us  BIGINT      NOT NULL,
    -- started, or why not.
    outcome     VARCHAR(32) NOT NULL,
    detail      LONGTEXT,
    -- Earlier times that nobody decided about when they came.
    passed_over BIGINT      NOT NULL,
    execution   BINARY(16),
    PRIMARY KEY (schedule, number)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;
