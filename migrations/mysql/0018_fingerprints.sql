-- The fingerprint of a failed result's error, so that equal errors are counted without reading what modules returned.
-- Runs that were recorded before have none until they are rebuilt.
ALTER TABLE results ADD COLUMN fingerprint BIGINT;

-- In which runs each error occurred, where nothing handled it: a projection of results. The start time stands beside it,
-- so that the first and the last run are found however many there are.
CREATE TABLE fingerprints (
    execution   BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    started_us  BIGINT NOT NULL,
    PRIMARY KEY (execution, fingerprint)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE INDEX fingerprints_fingerprint ON fingerprints (fingerprint, started_us, execution);
