-- Reports that are made by themselves. decided_us: times up to this one are done; whoever makes a report raises it in the
-- transaction that stores the report, so that each is made once.
CREATE TABLE report_schedules (
    name       VARCHAR(100) NOT NULL PRIMARY KEY,
    -- JSON.
    settings   LONGTEXT NOT NULL,
    changed_by LONGTEXT NOT NULL,
    created_us BIGINT   NOT NULL,
    changed_us BIGINT   NOT NULL,
    decided_us BIGINT   NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- The reports that were made, each for a time of its schedule: what they are about, and nothing that they say of runs.
-- content, deliveries (those to folders): JSON. is_pending: one of these is still to be made.
CREATE TABLE reports (
    id         BINARY(16)   NOT NULL PRIMARY KEY,
    schedule   VARCHAR(100) NOT NULL,
    due_us     BIGINT       NOT NULL,
    made_us    BIGINT       NOT NULL,
    from_us    BIGINT       NOT NULL,
    -- None: it could not be made, and error says why.
    runs       BIGINT,
    failed     BIGINT,
    error      LONGTEXT,
    content    LONGTEXT     NOT NULL,
    deliveries LONGTEXT     NOT NULL,
    is_pending BOOLEAN      NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX reports_schedule ON reports (schedule, due_us);
CREATE INDEX reports_due ON reports (due_us, id);
CREATE INDEX reports_pending ON reports (is_pending, due_us);

-- A report that is sent to a target of notifications.
ALTER TABLE notification_deliveries ADD COLUMN report BINARY(16);

CREATE INDEX notification_deliveries_report ON notification_deliveries (report);
