-- What is kept of a run, and for how long.

-- The size of its log as stored, in bytes: set when the log is packed, and when somebody asks. None: not
-- known yet.
ALTER TABLE executions ADD COLUMN payload_bytes BIGINT;
-- When retention removed its log; its rows stayed.
ALTER TABLE executions ADD COLUMN payload_removed_us BIGINT;

-- Runs that are kept whatever the rules say. A person's wish, and no projection of events.
CREATE TABLE execution_pins (
    uuid      UUID   PRIMARY KEY,
    pinned_us BIGINT NOT NULL,
    pinned_by TEXT   NOT NULL,
    note      TEXT
);

-- Executions that are gone, or whose log is, and of which blocks or rows are still to be swept away, in
-- small steps.
CREATE TABLE execution_remains (
    execution BIGINT PRIMARY KEY
);

-- Takes the bulk of one partition away at once, where no execution of it has any left: its log where all logs
-- are gone, all of it where all executions are. Rows of `execution_remains` stay, for what lies elsewhere.
-- False: there is none, or somebody is at it, or in the way.
CREATE FUNCTION empty_history_partition() RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
    part     RECORD;
    has_log  BOOLEAN;
    newest   BIGINT;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7262, 2) THEN
        RETURN FALSE;
    END IF;
    PERFORM set_config('lock_timeout', '2s', true);
    -- Keys below this are all in use, or will never be; a transaction that is under way may hold one.
    SELECT last_value - 10000 INTO newest FROM executions_id_seq;
    FOR part IN SELECT first, upto FROM history_partitions p WHERE upto <= newest AND EXISTS
                (SELECT 1 FROM execution_remains r WHERE r.execution >= p.first AND r.execution < p.upto)
                ORDER BY first
    LOOP
        IF NOT EXISTS (SELECT 1 FROM executions WHERE id >= part.first AND id < part.upto) THEN
            EXECUTE format('DROP TABLE results_%s, tasks_%s, event_blocks_%s', part.first, part.first, part.first);
            DELETE FROM history_partitions WHERE first = part.first;
            RETURN TRUE;
        END IF;
        IF NOT EXISTS (SELECT 1 FROM executions
                       WHERE id >= part.first AND id < part.upto AND payload_removed_us IS NULL) THEN
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM event_blocks_%s)', part.first) INTO has_log;
            IF has_log THEN
                EXECUTE format('TRUNCATE event_blocks_%s', part.first);
                RETURN TRUE;
            END IF;
        END IF;
    END LOOP;
    RETURN FALSE;
EXCEPTION WHEN lock_not_available THEN
    RETURN FALSE;
END $$;
