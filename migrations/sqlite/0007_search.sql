-- A search passes over days whose runs cannot hold what is searched for. stat_rolls has one more kind: 4, a set of
-- sequences of three bytes that the day's runs hold (model::Trigrams), compressed. It is made with the roll-up, so
-- all days are rolled up again.
UPDATE stat_days SET rolled = 0;
