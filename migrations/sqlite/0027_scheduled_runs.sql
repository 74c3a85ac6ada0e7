-- Which schedule started a run.
ALTER TABLE executions ADD COLUMN schedule TEXT;

CREATE INDEX executions_schedule ON executions (schedule, started_us) WHERE schedule IS NOT NULL;
