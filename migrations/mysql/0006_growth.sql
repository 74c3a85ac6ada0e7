-- What keeps a large history quick, and several collectors out of each other's way.

-- Work that is done at set times, and once each time, however many collectors there are.
CREATE TABLE turns (
    work    VARCHAR(64) NOT NULL PRIMARY KEY,
    -- The last of these times whose work somebody took.
    due_us  BIGINT      NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

INSERT INTO turns (work, due_us) VALUES ('retention', 0);

-- What took so long, where hardly anything did.
CREATE INDEX executions_duration ON executions (duration_us);

-- How many executions of a day, as its roll-up shows it, ended well and how many did not. Days that were rolled
-- up before that was counted are rolled up again.
ALTER TABLE stat_days ADD COLUMN success BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stat_days ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;
UPDATE stat_days SET rolled = 0;
