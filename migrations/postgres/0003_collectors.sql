-- Several collectors, and lists that stay fast when the history is long.

-- How often it was written, by whichever collector: one that knows an older state must not write over it.
ALTER TABLE executions ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
-- Signs of life that brought no events, counted now and then.
ALTER TABLE executions ADD COLUMN beats BIGINT NOT NULL DEFAULT 0;
UPDATE executions SET version = 1;

-- Whose launch it is: the collectors that share this folder of runs.
ALTER TABLE launches ADD COLUMN collector TEXT COLLATE "C";

-- Lists page by (started_us, id): an index need not hold the identity.
DROP INDEX executions_started;
DROP INDEX executions_status;
DROP INDEX executions_type;
DROP INDEX executions_playbook;
DROP INDEX executions_playbook_name;
DROP INDEX executions_inventory;
DROP INDEX executions_inventory_name;
DROP INDEX executions_user;
DROP INDEX executions_controller;
DROP INDEX executions_reason;
DROP INDEX executions_changed;
-- With the duration, so that a search for long ones passes over the others without reading them.
CREATE INDEX executions_started    ON executions (started_us, id, duration_us);
CREATE INDEX executions_status     ON executions (status, started_us, id);
CREATE INDEX executions_type       ON executions (type, started_us, id);
CREATE INDEX executions_playbook   ON executions (playbook, started_us, id);
CREATE INDEX executions_playbook_name ON executions (playbook_name, started_us, id);
CREATE INDEX executions_inventory  ON executions (inventory, started_us, id);
CREATE INDEX executions_inventory_name ON executions (inventory_name, started_us, id);
CREATE INDEX executions_user       ON executions (username, started_us, id);
CREATE INDEX executions_controller ON executions (controller, started_us, id);
CREATE INDEX executions_reason     ON executions (reason, started_us, id) WHERE reason IS NOT NULL;
CREATE INDEX executions_changed    ON executions (changed, started_us, id);

-- When the execution started stands beside its hosts and labels too: the runs of a host are then read in
-- the list's order, however many they are.
ALTER TABLE execution_hosts ADD COLUMN started_us BIGINT NOT NULL DEFAULT 0;
UPDATE execution_hosts h SET started_us = e.started_us FROM executions e WHERE e.id = h.execution;
DROP INDEX execution_hosts_name;
CREATE INDEX execution_hosts_name ON execution_hosts (name, started_us, execution);

ALTER TABLE execution_labels ADD COLUMN started_us BIGINT NOT NULL DEFAULT 0;
UPDATE execution_labels l SET started_us = e.started_us FROM executions e WHERE e.id = l.execution;
DROP INDEX execution_labels_label;
CREATE INDEX execution_labels_label ON execution_labels (label, started_us, execution);

-- The bulk of the history in partitions, so that its end is dropped and not deleted row by row. Keys of
-- executions grow with time: so many of them are one partition, and that is a time as well.
CREATE TABLE history_partitions (
    -- Executions from this key on, up to but not including the other.
    first BIGINT PRIMARY KEY,
    upto  BIGINT NOT NULL
);

ALTER TABLE results      RENAME TO results_0;
ALTER TABLE tasks        RENAME TO tasks_0;
ALTER TABLE event_blocks RENAME TO event_blocks_0;
ALTER INDEX results_pkey           RENAME TO results_0_pkey;
ALTER INDEX results_failed         RENAME TO results_0_failed;
ALTER INDEX tasks_pkey             RENAME TO tasks_0_pkey;
ALTER INDEX event_blocks_seq       RENAME TO event_blocks_0_seq;
ALTER INDEX event_blocks_line      RENAME TO event_blocks_0_line;
-- A partitioned table has no key without its partitions' column, and this one is known by its events.
ALTER TABLE event_blocks_0 ALTER COLUMN id DROP IDENTITY;
ALTER TABLE event_blocks_0 DROP CONSTRAINT event_blocks_pkey;
CREATE SEQUENCE event_blocks_id;
SELECT setval('event_blocks_id', GREATEST((SELECT MAX(id) FROM event_blocks_0), 1));

CREATE TABLE results      (LIKE results_0) PARTITION BY RANGE (execution);
CREATE TABLE tasks        (LIKE tasks_0) PARTITION BY RANGE (execution);
CREATE TABLE event_blocks (LIKE event_blocks_0 INCLUDING STORAGE) PARTITION BY RANGE (execution);
ALTER TABLE event_blocks ALTER COLUMN id SET DEFAULT nextval('event_blocks_id');

ALTER TABLE results ADD PRIMARY KEY (execution, seq);
CREATE INDEX results_failed ON results (execution, status, seq) WHERE status IN (1, 3);
ALTER TABLE tasks ADD PRIMARY KEY (execution, number);
CREATE UNIQUE INDEX event_blocks_seq ON event_blocks (execution, producer, first_seq);
CREATE INDEX event_blocks_line ON event_blocks (execution, producer, first_line);

-- Makes the partitions that executions up to this key need, and returns the key up to which there are some. One
-- at a time: whoever comes second finds them made.
CREATE FUNCTION make_history_partitions(needed BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    step CONSTANT BIGINT := 50000;
    made BIGINT;
BEGIN
    PERFORM pg_advisory_xact_lock(7262, 1);
    SELECT MAX(upto) INTO made FROM history_partitions;
    WHILE made <= needed LOOP
        EXECUTE format('CREATE TABLE results_%s PARTITION OF results FOR VALUES FROM (%s) TO (%s)',
                       made, made, made + step);
        EXECUTE format('CREATE TABLE tasks_%s PARTITION OF tasks FOR VALUES FROM (%s) TO (%s) WITH (fillfactor = 80)',
                       made, made, made + step);
        EXECUTE format('CREATE TABLE event_blocks_%s PARTITION OF event_blocks FOR VALUES FROM (%s) TO (%s)',
                       made, made, made + step);
        INSERT INTO history_partitions (first, upto) VALUES (made, made + step);
        made := made + step;
    END LOOP;
    RETURN made;
END $$;

-- What was there is the first partition.
DO $$
DECLARE
    upto BIGINT := ((SELECT COALESCE(MAX(id), 0) FROM executions) / 50000 + 1) * 50000;
BEGIN
    EXECUTE format('ALTER TABLE results ATTACH PARTITION results_0 FOR VALUES FROM (0) TO (%s)', upto);
    EXECUTE format('ALTER TABLE tasks ATTACH PARTITION tasks_0 FOR VALUES FROM (0) TO (%s)', upto);
    EXECUTE format('ALTER TABLE event_blocks ATTACH PARTITION event_blocks_0 FOR VALUES FROM (0) TO (%s)', upto);
    INSERT INTO history_partitions (first, upto) VALUES (0, upto);
    PERFORM make_history_partitions(upto);
END $$;
