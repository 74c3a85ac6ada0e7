-- The event of a run that told a host's groups last, and a hash of them, so that it is only read where they are different.
-- Runs that were recorded before have none.
ALTER TABLE execution_hosts ADD COLUMN groups_seq BIGINT;
ALTER TABLE execution_hosts ADD COLUMN groups_hash BIGINT;
