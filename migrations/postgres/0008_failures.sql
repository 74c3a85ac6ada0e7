-- The last failures of a playbook: among its runs they are few, and so are its own among all failures.
CREATE INDEX executions_failed_playbook ON executions (playbook, started_us, id) WHERE status = 'failed';
CREATE INDEX executions_failed_playbook_name ON executions (playbook_name, started_us, id) WHERE status = 'failed';
