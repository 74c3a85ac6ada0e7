-- The last three bytes of an id, which are random: people name a run by them.
CREATE INDEX executions_id_end ON executions (substr(uuid_send(uuid), 14));
