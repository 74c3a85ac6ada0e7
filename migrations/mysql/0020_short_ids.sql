-- The last three bytes of an id, which are random: people name a run by them. MariaDB has no indexes on expressions, so
-- they are a column. It is stored, so that its index is one like any other.
ALTER TABLE executions ADD COLUMN id_end BINARY(3) AS (SUBSTR(uuid, 14)) STORED;

CREATE INDEX executions_id_end ON executions (id_end);
