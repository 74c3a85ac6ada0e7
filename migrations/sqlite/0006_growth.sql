-- What keeps a large history quick, and several collectors out of each other's way.

-- Work that is done at set times, and once each time, however many collectors there are.
CREATE TABLE turns (
    work    TEXT   PRIMARY KEY,
    -- The last of these times whose work somebody took.
    due_us  BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO turns (work, due_us) VALUES ('retention', 0);

-- What took so long, where hardly anything did.
CREATE INDEX executions_duration ON executions (duration_us) WHERE duration_us IS NOT NULL;

-- How many executions of a day, as its roll-up shows it, ended well and how many did not. Days that were rolled
-- up before that was counted are rolled up again.
ALTER TABLE stat_days ADD COLUMN success BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stat_days ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;
UPDATE stat_days SET rolled = 0;
