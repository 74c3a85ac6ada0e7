-- The history. Two layers: event_blocks is the truth (what producers sent, as they sent it); every
-- other table of executions is a projection of it, and can be rebuilt from it.
-- Times are microseconds since the Unix epoch. Child rows carry the execution's small integer key.
-- Texts are compared byte by byte, as in the other databases. Those that an index holds are VARBINARY:
-- no collation that MySQL and MariaDB share tells "a" from "a ". They are bounded, and the program keeps
-- to it: 255 characters of at most 4 bytes.

CREATE TABLE executions (
    -- Never used twice: whoever still holds the key of a deleted execution must not find another.
    id              BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uuid            BINARY(16)   NOT NULL UNIQUE,
    type            VARCHAR(16)  NOT NULL,
    status          VARCHAR(16)  NOT NULL,
    phase           VARCHAR(16)  NOT NULL,
    reason          VARCHAR(32),
    started_us      BIGINT       NOT NULL,
    -- Results' times count from here: the recorder's first event.
    base_us         BIGINT       NOT NULL,
    ended_us        BIGINT,
    duration_us     BIGINT,
    exit_code       INTEGER,
    `signal`        INTEGER,
    changed         BOOLEAN      NOT NULL,
    playbook        VARBINARY(1020),
    -- File names, so that a filter need not name the folder.
    playbook_name   VARBINARY(1020),
    inventory       VARBINARY(1020),
    inventory_name  VARBINARY(1020),
    username        VARBINARY(1020),
    controller      VARBINARY(1020),
    -- Everything else that the producers said at the start: one JSON object.
    what            LONGTEXT     NOT NULL,
    -- Its values in lower case, for a search of parts of them.
    search          LONGTEXT     NOT NULL,
    user_us         BIGINT,
    system_us       BIGINT,
    peak_bytes      BIGINT,
    output_lines    BIGINT       NOT NULL,
    output_from     VARCHAR(16)  NOT NULL,
    results         BIGINT       NOT NULL,
    events_received BIGINT       NOT NULL,
    events_expected BIGINT,
    events_complete BOOLEAN      NOT NULL,
    events_missing  LONGTEXT
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- The list is newest first, and pages by (started_us, uuid). Each filter that can be rare has an
-- index that ends in the same order, so that a page is read and nothing is sorted.
CREATE INDEX executions_started    ON executions (started_us, uuid);
CREATE INDEX executions_status     ON executions (status, started_us, uuid);
CREATE INDEX executions_type       ON executions (type, started_us, uuid);
CREATE INDEX executions_playbook   ON executions (playbook, started_us, uuid);
CREATE INDEX executions_playbook_name ON executions (playbook_name, started_us, uuid);
CREATE INDEX executions_inventory  ON executions (inventory, started_us, uuid);
CREATE INDEX executions_inventory_name ON executions (inventory_name, started_us, uuid);
CREATE INDEX executions_user       ON executions (username, started_us, uuid);
CREATE INDEX executions_controller ON executions (controller, started_us, uuid);
CREATE INDEX executions_reason     ON executions (reason, started_us, uuid);
CREATE INDEX executions_changed    ON executions (changed, started_us, uuid);

CREATE TABLE execution_labels (
    execution BIGINT       NOT NULL,
    label     VARBINARY(1020) NOT NULL,
    PRIMARY KEY (execution, label)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX execution_labels_label ON execution_labels (label, execution);

CREATE TABLE execution_hosts (
    execution        BIGINT       NOT NULL,
    number           BIGINT       NOT NULL,
    name             VARBINARY(1020) NOT NULL,
    ok               BIGINT       NOT NULL,
    changed          BIGINT       NOT NULL,
    unreachable      BIGINT       NOT NULL,
    failed           BIGINT       NOT NULL,
    skipped          BIGINT       NOT NULL,
    rescued          BIGINT       NOT NULL,
    ignored          BIGINT       NOT NULL,
    running_task     BIGINT,
    running_since_us BIGINT,
    PRIMARY KEY (execution, number)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX execution_hosts_name ON execution_hosts (name, execution);

CREATE TABLE plays (
    execution  BIGINT   NOT NULL,
    number     BIGINT   NOT NULL,
    name       LONGTEXT NOT NULL,
    hosts      LONGTEXT NOT NULL,
    strategy   LONGTEXT NOT NULL,
    started_us BIGINT   NOT NULL,
    ended_us   BIGINT   NOT NULL,
    PRIMARY KEY (execution, number)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE tasks (
    execution   BIGINT   NOT NULL,
    number      BIGINT   NOT NULL,
    play        BIGINT   NOT NULL,
    name        LONGTEXT NOT NULL,
    action      LONGTEXT NOT NULL,
    path        LONGTEXT NOT NULL,
    line        BIGINT   NOT NULL,
    role        LONGTEXT NOT NULL,
    tags        LONGTEXT NOT NULL,
    handler     BOOLEAN  NOT NULL,
    no_log      BOOLEAN  NOT NULL,
    started_us  BIGINT   NOT NULL,
    ended_us    BIGINT   NOT NULL,
    ok          BIGINT   NOT NULL,
    changed     BIGINT   NOT NULL,
    failed      BIGINT   NOT NULL,
    skipped     BIGINT   NOT NULL,
    unreachable BIGINT   NOT NULL,
    ignored     BIGINT   NOT NULL,
    PRIMARY KEY (execution, number)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- One row for each task on each host: the bulk of the store, so it holds small integers only. The
-- content lies in the block that spans seq. status: 0 ok, 1 failed, 2 skipped, 3 unreachable.
-- ended_us counts from the execution's base_us.
CREATE TABLE results (
    execution   BIGINT  NOT NULL,
    seq         BIGINT  NOT NULL,
    task        BIGINT  NOT NULL,
    host        BIGINT  NOT NULL,
    status      TINYINT NOT NULL,
    flags       TINYINT NOT NULL,
    ended_us    BIGINT  NOT NULL,
    duration_us BIGINT,
    PRIMARY KEY (execution, seq)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- What people look for first. There are no partial indexes here: good results are in it too.
CREATE INDEX results_failed ON results (execution, status, seq);

CREATE TABLE event_blocks (
    id         BIGINT   NOT NULL AUTO_INCREMENT PRIMARY KEY,
    execution  BIGINT   NOT NULL,
    producer   TINYINT  NOT NULL,
    first_seq  BIGINT   NOT NULL,
    last_seq   BIGINT   NOT NULL,
    first_line BIGINT   NOT NULL,
    `lines`    BIGINT   NOT NULL,
    raw_bytes  BIGINT   NOT NULL,
    data       LONGBLOB NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX event_blocks_seq ON event_blocks (execution, producer, first_seq);
CREATE INDEX event_blocks_line ON event_blocks (execution, producer, first_line);

CREATE TABLE tokens (
    id         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name       VARBINARY(1020) NOT NULL UNIQUE,
    -- SHA-256 of the token: the token itself is shown once and never stored.
    hash       BINARY(32)   NOT NULL UNIQUE,
    scopes     LONGTEXT     NOT NULL,
    created_us BIGINT       NOT NULL,
    expires_us BIGINT,
    used_us    BIGINT
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;
