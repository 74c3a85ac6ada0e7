-- A search passes over days whose runs cannot hold what is searched for. stat_rolls has one more kind: 4, a set of
-- pieces of the texts of the day's runs (model::Pieces), compressed, behind the version of the day that it shows. It
-- is made with the roll-up, so all days are rolled up again.
UPDATE stat_days SET rolled = 0;
