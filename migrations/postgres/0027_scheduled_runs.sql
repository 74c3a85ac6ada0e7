-- Which schedule started a run.
ALTER TABLE executions ADD COLUMN schedule TEXT COLLATE "C";

CREATE INDEX executions_schedule ON executions (schedule, started_us, id) WHERE schedule IS NOT NULL;
