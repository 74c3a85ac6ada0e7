-- Schedules: what the launcher starts by itself, and when.
CREATE TABLE schedules (
    uuid       UUID    NOT NULL PRIMARY KEY,
    name       TEXT    COLLATE "C" NOT NULL UNIQUE,
    cron       TEXT    NOT NULL,
    -- Of the IANA time zone database.
    zone       TEXT    NOT NULL,
    -- skip, queue, cancel
    overlap    TEXT    NOT NULL,
    -- skip, run_once
    missed     TEXT    NOT NULL,
    jitter_seconds BIGINT NOT NULL,
    -- What runs: one JSON object. Secrets are only named in it.
    run        TEXT    NOT NULL,
    description TEXT,
    -- On whose behalf it starts runs: the actor, and the hash of the token; none: the collector served without tokens.
    owner      TEXT    NOT NULL,
    token      BYTEA,
    created_us BIGINT  NOT NULL,
    changed_us BIGINT  NOT NULL,
    paused_us  BIGINT,
    paused_by  TEXT,
    paused_note TEXT,
    -- Its times up to this one are decided: what they started, or why not.
    decided_us BIGINT  NOT NULL,
    -- Grows with each change and each decision: whoever decides on an older one is too late.
    revision   BIGINT  NOT NULL,
    -- Number of the last decision, and the execution that was started last.
    last_tick  BIGINT,
    last_execution UUID
);

-- What became of a schedule's times, the last ones of each.
CREATE TABLE schedule_ticks (
    schedule    UUID   NOT NULL,
    number      BIGINT NOT NULL,
    -- The time of the cron line, and when it was decided about.
    time_us     BIGINT NOT NULL,
    decided_us  BIGINT NOT NULL,
    -- started, or why not.
    outcome     TEXT   NOT NULL,
    detail      TEXT,
    -- Earlier times that nobody decided about when they came.
    passed_over BIGINT NOT NULL,
    execution   UUID,
    PRIMARY KEY (schedule, number)
);
