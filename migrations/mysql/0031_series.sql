-- Which series a run is part of: its playbook with inventory, limit and tags, in check mode or not, as the number that the
-- program makes of them; 0 for an ad-hoc command. None: an earlier version wrote the run, and its number is filled in before
-- anything is told of runs.
ALTER TABLE executions ADD COLUMN series BIGINT;

UPDATE executions SET series = 0 WHERE playbook IS NULL;

-- With the folder, so that runs of other folders are passed over without being read.
CREATE INDEX executions_series ON executions (series, started_us, folder);
