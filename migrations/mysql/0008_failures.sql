-- The other databases get an index of the failures of each playbook here. Without partial indexes it would hold all
-- executions, and be taken for lists that it does not fit.
DO 0;
