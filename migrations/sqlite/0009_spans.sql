-- Between which sequence numbers the results of a task lie, so that they are found in a run of a million. 0: not
-- known, as of runs that were recorded before.
ALTER TABLE tasks ADD COLUMN first_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN last_seq BIGINT NOT NULL DEFAULT 0;
