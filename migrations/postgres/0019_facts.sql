-- Where a host's facts stand in the log: a projection of events. The facts themselves are not copied. The digest, a hash
-- of the facts that last, tells which reports say anything new. Runs that were recorded before have no rows until they are
-- rebuilt.
CREATE TABLE host_facts (
    execution BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    -- 0: everything that setup gathers. Greater: a part of that; less: what another module reports.
    kind      BIGINT NOT NULL,
    digest    BIGINT NOT NULL,
    at_us     BIGINT NOT NULL,
    -- From the execution's base_us on, so that at_us can be corrected with it.
    after_us  BIGINT NOT NULL,
    PRIMARY KEY (execution, seq)
);

CREATE INDEX host_facts_name ON host_facts (name, at_us);

-- The runs that changed a host: of one that is hardly ever changed they are found without looking at all its runs.
CREATE INDEX execution_hosts_changed ON execution_hosts (name, started_us, execution) WHERE changed > 0;
