-- Runs that Playback launches itself.

-- What the launcher knows beyond what the run's own producers tell.
ALTER TABLE executions ADD COLUMN queued_us BIGINT;
ALTER TABLE executions ADD COLUMN canceled_by TEXT;

-- A token may be good for one execution alone: the one that it was made for.
ALTER TABLE tokens ADD COLUMN execution UUID;

-- What was asked of the launcher, and how far it is: the queue, and what a replay starts from. No secret
-- stands here; those lie in the run's own folder until the run is over.
CREATE TABLE launches (
    uuid       UUID   PRIMARY KEY,
    -- queued, launched, ended
    state      TEXT   COLLATE "C" NOT NULL,
    -- For the limit of runs of one playbook; ad-hoc runs have none.
    playbook   TEXT   COLLATE "C",
    -- What was asked for: one JSON object.
    parameters TEXT   NOT NULL,
    queued_us  BIGINT NOT NULL
);

-- The queue in its order. Few rows are in it: a launch that is over leaves it.
CREATE INDEX launches_open ON launches (state, queued_us, uuid) WHERE state <> 'ended';
