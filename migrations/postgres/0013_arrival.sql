-- When the first events of an execution arrived, by the collector's clock: age counts from then where the producer's
-- clock was wrong by years. And its latest sign of life without events, by the producer's own clock: where a lost run ends. Both in
-- microseconds since the epoch; no event tells them, so no projection writes them.
ALTER TABLE executions ADD COLUMN arrived_us BIGINT;
ALTER TABLE executions ADD COLUMN alive_us BIGINT;
