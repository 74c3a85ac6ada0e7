-- The folder that a playbook's relative path starts from, which tells the playbooks of two projects apart; empty where the
-- path is a whole one, or the folder is not known. Ad-hoc commands have none.
ALTER TABLE executions ADD COLUMN folder TEXT COLLATE "C";

-- PostgreSQL cannot read JSON with an escaped NUL anywhere in it; such a run counts as one without a folder.
UPDATE executions
SET folder = CASE
    WHEN playbook LIKE '/%' OR position('\u0000' IN what) > 0 THEN ''
    ELSE COALESCE(LEFT(what::json ->> 'cwd', 255), '')
END
WHERE playbook IS NOT NULL;

CREATE INDEX executions_folder ON executions (playbook, folder, started_us);

-- Runs whose trace is to be sent, or was sent. Written with whatever ends a run, where traces are sent at all.
CREATE TABLE traces (
    execution  BIGINT NOT NULL PRIMARY KEY,
    -- When it is to be sent next, by the collector's clock; none: nothing is to be sent any more.
    due_us     BIGINT,
    attempts   BIGINT NOT NULL,
    -- Spans that the receiver has taken.
    spans      BIGINT NOT NULL,
    -- What became of it: sent, refused, given_up, not_sampled.
    outcome    TEXT
);

CREATE INDEX traces_due ON traces (due_us);
