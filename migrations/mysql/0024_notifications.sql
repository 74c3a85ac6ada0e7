-- Notifications: whom to tell, what is still to be told, and what was sent.

-- Whom to tell, of what and when.
CREATE TABLE notification_targets (
    id               BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name             VARBINARY(1020) NOT NULL UNIQUE,
    -- 1: it is told. The settings say so, too; this is what each commit of a run asks for.
    is_on            INTEGER NOT NULL,
    -- 1: the configuration file defines it.
    is_from_file     INTEGER NOT NULL,
    -- JSON, without secrets.
    settings         LONGTEXT NOT NULL,
    -- Its secrets, encrypted with the configured key; empty if it has none.
    sealed           LONGBLOB NOT NULL,
    -- Where messages go, as far as it is no secret.
    address          LONGTEXT NOT NULL,
    changed_us       BIGINT NOT NULL,
    -- Why it was switched off after many failures, and when.
    off_reason       LONGTEXT,
    off_us           BIGINT,
    failing_since_us BIGINT,
    failures         BIGINT NOT NULL DEFAULT 0,
    retry_us         BIGINT,
    delivered_us     BIGINT
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- What happened to runs: written with the commit of the change, if there is a target that is told. A row stays for some
-- days after it was looked at, so that the same is not told again when the run's row is written again.
CREATE TABLE notification_outbox (
    id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    execution BIGINT NOT NULL,
    moment    VARCHAR(32) NOT NULL,
    noted_us  BIGINT NOT NULL,
    -- None: it is not yet known who is to be told.
    done_us   BIGINT
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX notification_outbox_moment ON notification_outbox (execution, moment);
CREATE INDEX notification_outbox_done ON notification_outbox (done_us, id);

-- What a target is told, each once.
CREATE TABLE notification_events (
    id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    target    BIGINT NOT NULL,
    -- The run and its moment, or what else it is about.
    subject   VARBINARY(1020) NOT NULL,
    triggers  LONGTEXT NOT NULL,
    execution BIGINT NOT NULL,
    -- JSON.
    detail    LONGTEXT NOT NULL,
    at_us     BIGINT NOT NULL,
    -- When it is sent together with others, if it is not sent at once.
    held_until_us BIGINT,
    -- The delivery that tells it; none while it is held.
    delivery  BINARY(16)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX notification_events_subject ON notification_events (target, subject);
CREATE INDEX notification_events_delivery ON notification_events (delivery);
CREATE INDEX notification_events_execution ON notification_events (execution);
CREATE INDEX notification_events_held ON notification_events (held_until_us, target);

-- Messages, and what became of them.
CREATE TABLE notification_deliveries (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- The message's identity, the same for each attempt.
    uuid       BINARY(16) NOT NULL UNIQUE,
    target     BIGINT NOT NULL,
    -- None: it tells of several.
    execution  BIGINT,
    kind       VARCHAR(32) NOT NULL,
    state      VARCHAR(32) NOT NULL,
    created_us BIGINT NOT NULL,
    due_us     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    done_us    BIGINT,
    -- What it says, as JSON, from the first attempt on; removed with a redaction of its run.
    notice     LONGTEXT,
    request    LONGTEXT,
    body       LONGTEXT,
    -- Recipients of a mail that have it already.
    recipients LONGTEXT NOT NULL,
    error      LONGTEXT,
    -- Grows with each redaction of its run: what was made before is not stored after it.
    stamp      BIGINT NOT NULL DEFAULT 0
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX notification_deliveries_due ON notification_deliveries (state, target, due_us);
CREATE INDEX notification_deliveries_target ON notification_deliveries (target, created_us);
CREATE INDEX notification_deliveries_execution ON notification_deliveries (execution);
CREATE INDEX notification_deliveries_done ON notification_deliveries (done_us);

CREATE TABLE notification_attempts (
    delivery    BINARY(16) NOT NULL,
    number      BIGINT NOT NULL,
    -- The run of the delivery.
    execution   BIGINT,
    at_us       BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    status      BIGINT,
    answer      LONGTEXT,
    error       LONGTEXT,
    PRIMARY KEY (delivery, number)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX notification_attempts_execution ON notification_attempts (execution);
