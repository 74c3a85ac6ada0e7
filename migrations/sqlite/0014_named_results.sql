-- What few results have: the other host that ran it, and the module that ran where a template names it.
ALTER TABLE results ADD COLUMN delegated_to TEXT;
ALTER TABLE results ADD COLUMN action TEXT;
