-- The history. Two layers: event_blocks is the truth (what producers sent, as they sent it); every
-- other table of executions is a projection of it, and can be rebuilt from it.
-- Times are microseconds since the Unix epoch. Child rows carry the execution's small integer key.

CREATE TABLE executions (
    -- Never used twice: whoever still holds the key of a deleted execution must not find another.
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            BLOB    NOT NULL UNIQUE,
    type            TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    phase           TEXT    NOT NULL,
    reason          TEXT,
    started_us      BIGINT  NOT NULL,
    -- Results' times count from here: the recorder's first event.
    base_us         BIGINT  NOT NULL,
    ended_us        BIGINT,
    duration_us     BIGINT,
    exit_code       INTEGER,
    signal          INTEGER,
    changed         BOOLEAN NOT NULL,
    playbook        TEXT,
    -- File names, so that a filter need not name the folder.
    playbook_name   TEXT,
    inventory       TEXT,
    inventory_name  TEXT,
    username        TEXT,
    controller      TEXT,
    -- Everything else that the producers said at the start: one JSON object.
    what            TEXT    NOT NULL,
    -- Its values in lower case, for a search of parts of them.
    search          TEXT    NOT NULL,
    user_us         BIGINT,
    system_us       BIGINT,
    peak_bytes      BIGINT,
    output_lines    BIGINT  NOT NULL,
    output_from     TEXT    NOT NULL,
    results         BIGINT  NOT NULL,
    events_received BIGINT  NOT NULL,
    events_expected BIGINT,
    events_complete BOOLEAN NOT NULL,
    events_missing  TEXT
);

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
CREATE INDEX executions_reason     ON executions (reason, started_us, uuid) WHERE reason IS NOT NULL;
CREATE INDEX executions_changed    ON executions (changed, started_us, uuid);

CREATE TABLE execution_labels (
    execution INTEGER NOT NULL,
    label     TEXT    NOT NULL,
    PRIMARY KEY (execution, label)
) WITHOUT ROWID;

CREATE INDEX execution_labels_label ON execution_labels (label, execution);

CREATE TABLE execution_hosts (
    execution        INTEGER NOT NULL,
    number           INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    ok               INTEGER NOT NULL,
    changed          INTEGER NOT NULL,
    unreachable      INTEGER NOT NULL,
    failed           INTEGER NOT NULL,
    skipped          INTEGER NOT NULL,
    rescued          INTEGER NOT NULL,
    ignored          INTEGER NOT NULL,
    running_task     INTEGER,
    running_since_us BIGINT,
    PRIMARY KEY (execution, number)
) WITHOUT ROWID;

CREATE INDEX execution_hosts_name ON execution_hosts (name, execution);

CREATE TABLE plays (
    execution  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    hosts      TEXT    NOT NULL,
    strategy   TEXT    NOT NULL,
    started_us BIGINT  NOT NULL,
    ended_us   BIGINT  NOT NULL,
    PRIMARY KEY (execution, number)
) WITHOUT ROWID;

CREATE TABLE tasks (
    execution   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    play        INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    line        INTEGER NOT NULL,
    role        TEXT    NOT NULL,
    tags        TEXT    NOT NULL,
    handler     BOOLEAN NOT NULL,
    no_log      BOOLEAN NOT NULL,
    started_us  BIGINT  NOT NULL,
    ended_us    BIGINT  NOT NULL,
    ok          INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    unreachable INTEGER NOT NULL,
    ignored     INTEGER NOT NULL,
    PRIMARY KEY (execution, number)
) WITHOUT ROWID;

-- One row for each task on each host: the bulk of the store, so it holds small integers only. The
-- content lies in the block that spans seq. status: 0 ok, 1 failed, 2 skipped, 3 unreachable.
-- ended_us counts from the execution's base_us.
CREATE TABLE results (
    execution   INTEGER NOT NULL,
    seq         BIGINT  NOT NULL,
    task        INTEGER NOT NULL,
    host        INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    flags       INTEGER NOT NULL,
    ended_us    BIGINT  NOT NULL,
    duration_us BIGINT,
    PRIMARY KEY (execution, seq)
) WITHOUT ROWID;

-- What people look for first. Few rows are in it, so it costs the flood of good results nothing.
CREATE INDEX results_failed ON results (execution, status, seq) WHERE status IN (1, 3);

CREATE TABLE event_blocks (
    id         INTEGER PRIMARY KEY,
    execution  INTEGER NOT NULL,
    producer   INTEGER NOT NULL,
    first_seq  BIGINT  NOT NULL,
    last_seq   BIGINT  NOT NULL,
    first_line BIGINT  NOT NULL,
    lines      BIGINT  NOT NULL,
    raw_bytes  BIGINT  NOT NULL,
    data       BLOB    NOT NULL
);

CREATE UNIQUE INDEX event_blocks_seq ON event_blocks (execution, producer, first_seq);
CREATE INDEX event_blocks_line ON event_blocks (execution, producer, first_line);

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    -- SHA-256 of the token: the token itself is shown once and never stored.
    hash       BLOB    NOT NULL UNIQUE,
    scopes     TEXT    NOT NULL,
    created_us BIGINT  NOT NULL,
    expires_us BIGINT,
    used_us    BIGINT
);
