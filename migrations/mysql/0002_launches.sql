-- Runs that Playback launches itself.

-- What the launcher knows beyond what the run's own producers tell.
ALTER TABLE executions ADD COLUMN queued_us BIGINT;
ALTER TABLE executions ADD COLUMN canceled_by LONGTEXT;

-- A token may be good for one execution alone: the one that it was made for.
ALTER TABLE tokens ADD COLUMN execution BINARY(16);

-- What was asked of the launcher, and how far it is: the queue, and what a replay starts from. No secret
-- stands here; those lie in the run's own folder until the run is over.
CREATE TABLE launches (
    uuid       BINARY(16)   NOT NULL PRIMARY KEY,
    -- queued, launched, ended
    state      VARCHAR(16)  NOT NULL,
    -- For the limit of runs of one playbook; ad-hoc runs have none.
    playbook   VARBINARY(1020),
    -- What was asked for: one JSON object.
    parameters LONGTEXT     NOT NULL,
    queued_us  BIGINT       NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- The queue in its order.
CREATE INDEX launches_open ON launches (state, queued_us, uuid);
