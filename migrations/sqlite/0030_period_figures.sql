-- Roll-ups have the CPU time of runs from now on: all days are rolled up again. Until then the runs themselves are read.
UPDATE stat_days SET version = version + 1;

-- The errors of a period are found without going through those of all times.
CREATE INDEX fingerprints_started ON fingerprints (started_us, fingerprint, execution);
