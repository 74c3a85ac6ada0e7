-- Which schedule started a run.
ALTER TABLE executions ADD COLUMN schedule VARBINARY(1020);

CREATE INDEX executions_schedule ON executions (schedule, started_us);
