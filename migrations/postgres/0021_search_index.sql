-- The search index: which runs have which words. It is a projection of the event log, and only says where a search need
-- not look.

-- A segment covers some runs, in the order of their start.
CREATE TABLE search_segments (
    -- Random, and never used twice.
    id          BIGINT  NOT NULL PRIMARY KEY,
    -- Grows with each change.
    version     BIGINT  NOT NULL,
    -- 0: it is being written, and nobody reads it.
    is_live     INTEGER NOT NULL,
    lowest_us   BIGINT  NOT NULL,
    highest_us  BIGINT  NOT NULL,
    lowest_key  BIGINT  NOT NULL,
    highest_key BIGINT  NOT NULL,
    runs        BIGINT  NOT NULL,
    without_log BIGINT  NOT NULL,
    -- Size of its chunks.
    bytes       BIGINT  NOT NULL,
    -- Keys and start times of its runs, compressed.
    covered     BYTEA   NOT NULL
);

-- Its terms in order, some at a time.
CREATE TABLE search_chunks (
    segment    BIGINT NOT NULL,
    first_term BYTEA  NOT NULL,
    terms      BYTEA  NOT NULL,
    postings   BYTEA  NOT NULL,
    PRIMARY KEY (segment, first_term)
);

-- They are compressed already.
ALTER TABLE search_segments ALTER COLUMN covered SET STORAGE EXTERNAL;
ALTER TABLE search_chunks ALTER COLUMN terms SET STORAGE EXTERNAL;
ALTER TABLE search_chunks ALTER COLUMN postings SET STORAGE EXTERNAL;

-- Runs that are over, and whose log no segment covers as it is now. Written with whatever ends or changes a run.
CREATE TABLE search_pending (
    execution  BIGINT NOT NULL PRIMARY KEY,
    started_us BIGINT NOT NULL,
    -- Random: whoever indexed an earlier state of the log finds another stamp.
    stamp      BIGINT NOT NULL
);

CREATE INDEX search_pending_started ON search_pending (started_us, execution);

-- Runs whose words must leave all segments: they were deleted or redacted, or their log was removed.
CREATE TABLE search_gone (
    execution BIGINT NOT NULL PRIMARY KEY,
    stamp     BIGINT NOT NULL
);

INSERT INTO search_pending (execution, started_us, stamp)
SELECT id, started_us, 0 FROM executions WHERE status <> 'running';
