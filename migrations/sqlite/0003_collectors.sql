-- Several collectors, and lists that stay fast when the history is long.

-- How often it was written, by whichever collector: one that knows an older state must not write over it.
ALTER TABLE executions ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
-- Signs of life that brought no events, counted now and then.
ALTER TABLE executions ADD COLUMN beats BIGINT NOT NULL DEFAULT 0;
UPDATE executions SET version = 1;

-- Whose launch it is: the collectors that share this folder of runs.
ALTER TABLE launches ADD COLUMN collector TEXT;

-- Lists page by (started_us, id). An index holds the id anyway, so it need not hold the identity.
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
CREATE INDEX executions_status     ON executions (status, started_us);
CREATE INDEX executions_type       ON executions (type, started_us);
CREATE INDEX executions_playbook   ON executions (playbook, started_us);
CREATE INDEX executions_playbook_name ON executions (playbook_name, started_us);
CREATE INDEX executions_inventory  ON executions (inventory, started_us);
CREATE INDEX executions_inventory_name ON executions (inventory_name, started_us);
CREATE INDEX executions_user       ON executions (username, started_us);
CREATE INDEX executions_controller ON executions (controller, started_us);
CREATE INDEX executions_reason     ON executions (reason, started_us) WHERE reason IS NOT NULL;
CREATE INDEX executions_changed    ON executions (changed, started_us);

-- SQLite sees that a partial index fits where its very condition is asked for, and reads it in order only where
-- nothing stands before the sequence.
DROP INDEX results_failed;
CREATE INDEX results_failed ON results (execution, seq) WHERE status = 1;
CREATE INDEX results_unreachable ON results (execution, seq) WHERE status = 3;

-- When the execution started stands beside its hosts and labels too: the runs of a host are then read in
-- the list's order, however many they are.
ALTER TABLE execution_hosts ADD COLUMN started_us BIGINT NOT NULL DEFAULT 0;
UPDATE execution_hosts SET started_us =
    (SELECT e.started_us FROM executions e WHERE e.id = execution_hosts.execution);
DROP INDEX execution_hosts_name;
CREATE INDEX execution_hosts_name ON execution_hosts (name, started_us, execution);

ALTER TABLE execution_labels ADD COLUMN started_us BIGINT NOT NULL DEFAULT 0;
UPDATE execution_labels SET started_us =
    (SELECT e.started_us FROM executions e WHERE e.id = execution_labels.execution);
DROP INDEX execution_labels_label;
CREATE INDEX execution_labels_label ON execution_labels (label, started_us, execution);
