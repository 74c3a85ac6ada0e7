-- Who may add to a run, and which runs are gone for good. Neither is a projection of events.

-- SHA-256 of the run's key, which its producers hold. None: it began without one.
ALTER TABLE executions ADD COLUMN run_key BLOB;
-- Name of the token that began it; none where the collector served without tokens, or began before this.
ALTER TABLE executions ADD COLUMN begun_by TEXT;

-- Executions that were deleted: what is still on its way to one must not make it come again.
CREATE TABLE execution_tombstones (
    uuid       BLOB   PRIMARY KEY,
    deleted_us BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX execution_tombstones_deleted ON execution_tombstones (deleted_us);
