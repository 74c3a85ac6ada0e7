//! Prices of a CPU second, a minute of the controller and a minute of a host, each valid from some day on.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};

use super::money::Price;

/// The longest name of a currency.
const CURRENCY: usize = 10;

/// Why prices cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricesError {
    /// The currency is not a valid name.
    #[error("cost.currency = {0:?}: it must be 1 to 10 letters, such as \"EUR\"")]
    Currency(String),
    /// There are no prices.
    #[error("cost.currency is set, and there are no prices: add [[cost.prices]]")]
    None,
    /// An entry has no price.
    #[error("cost.prices: an entry has no price: set cpu_second, controller_minute or host_minute")]
    Empty,
    /// Two entries begin at the same time.
    #[error("cost.prices: two entries begin {0}: each needs a \"from\" of its own")]
    Twice(String),
}

/// Prices that are valid from a day on, until the next entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PricePeriod {
    /// The first day (UTC); none: no limit.
    pub from: Option<NaiveDate>,
    /// For a second of CPU time, in user mode and in the kernel.
    pub cpu_second: Option<Price>,
    /// For each minute of a run.
    pub controller_minute: Option<Price>,
    /// For each minute of a run, and each of its hosts.
    pub host_minute: Option<Price>,
    /// The same for the hosts of a group, by its name.
    pub host_minute_by_group: BTreeMap<String, Price>,
}

impl PricePeriod {
    /// The first microsecond, since the epoch.
    fn begins_us(&self) -> i64 {
        let day = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        self.from.map_or(i64::MIN, day)
    }

    /// Whether the time of hosts has a price.
    #[must_use]
    pub fn prices_hosts(&self) -> bool {
        self.host_minute.is_some() || !self.host_minute_by_group.is_empty()
    }

    /// Whether a run's duration must be known to know its cost.
    #[must_use]
    pub fn needs_duration(&self) -> bool {
        self.controller_minute.is_some() || self.prices_hosts()
    }
}

/// All prices, and their currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    currency: String,
    /// All entries, the earliest first.
    periods: Vec<PricePeriod>,
    /// Names of the groups that have their own price, in order.
    groups: Vec<String>,
}

impl Prices {
    /// Prices in a currency.
    ///
    /// # Errors
    /// The currency is not a valid name, there are no prices, or two entries begin at the same time.
    pub fn new(currency: &str, mut periods: Vec<PricePeriod>) -> Result<Self, PricesError> {
        let is_name = currency.chars().all(|c| c.is_ascii_alphabetic());
        if !(1..=CURRENCY).contains(&currency.len()) || !is_name {
            return Err(PricesError::Currency(currency.to_owned()));
        }
        if periods.is_empty() {
            return Err(PricesError::None);
        }
        periods.sort_by_key(|period| period.from);
        for (at, period) in periods.iter().enumerate() {
            if period.cpu_second.is_none() && !period.needs_duration() {
                return Err(PricesError::Empty);
            }
            if at > 0 && periods[at - 1].from == period.from {
                return Err(PricesError::Twice(match period.from {
                    Some(day) => format!("on {day}"),
                    None => "without a \"from\"".to_owned(),
                }));
            }
        }
        let groups = periods
            .iter()
            .flat_map(|one| one.host_minute_by_group.keys());
        let mut groups: Vec<String> = groups.cloned().collect();
        groups.sort_unstable();
        groups.dedup();
        Ok(Self {
            currency: currency.to_owned(),
            periods,
            groups,
        })
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// All entries, the earliest first.
    #[must_use]
    pub fn periods(&self) -> &[PricePeriod] {
        &self.periods
    }

    /// The groups that have their own price at any time, in order.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The prices at a time, in microseconds since the epoch; none before the first entry.
    #[must_use]
    pub fn at(&self, us: i64) -> Option<&PricePeriod> {
        let periods = self.periods.iter();
        periods.rev().find(|period| period.begins_us() <= us)
    }

    /// Whether the time of hosts has a price at any time.
    #[must_use]
    pub fn prices_hosts(&self) -> bool {
        self.periods.iter().any(PricePeriod::prices_hosts)
    }

    /// Whether CPU time has a price at any time.
    #[must_use]
    pub fn prices_cpu(&self) -> bool {
        self.periods
            .iter()
            .any(|period| period.cpu_second.is_some())
    }

    /// Whether the controller's time has a price at any time.
    #[must_use]
    pub fn prices_controller(&self) -> bool {
        let mut periods = self.periods.iter();
        periods.any(|period| period.controller_minute.is_some())
    }

    /// The last day on which an entry is valid, for people; none: it is still valid.
    #[must_use]
    pub fn last_day(&self, at: usize) -> Option<NaiveDate> {
        let next = self.periods.get(at + 1)?.from?;
        next.checked_sub_days(Days::new(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: Option<&str>, cpu: &str) -> PricePeriod {
        PricePeriod {
            from: from.map(|day| day.parse().unwrap()),
            cpu_second: Some(cpu.parse().unwrap()),
            ..PricePeriod::default()
        }
    }

    #[test]
    fn the_prices_of_a_day_are_the_last_that_began() {
        let later = period(Some("2026-03-01"), "3");
        let prices = Prices::new(
            "EUR",
            vec![later, period(None, "1"), period(Some("2026-01-20"), "2")],
        )
        .unwrap();
        let noon = 1_768_910_400_000_000; // 2026-01-20T12:00:00Z
        let day = 86_400_000_000;
        for (us, cpu) in [
            (i64::MIN, "1.00"),
            (noon - day / 2 - 1, "1.00"),
            (noon - day / 2, "2.00"),
            (noon + 30 * day, "2.00"),
            (noon + 60 * day, "3.00"),
            (i64::MAX, "3.00"),
        ] {
            let found = prices.at(us).unwrap().cpu_second.unwrap();
            assert_eq!(found.to_string(), cpu, "{us}");
        }
        let prices = Prices::new("EUR", vec![period(Some("2026-01-20"), "2")]).unwrap();
        assert!(prices.at(noon - day).is_none());
        assert!(prices.prices_cpu() && !prices.prices_hosts() && !prices.prices_controller());
    }

    #[test]
    fn prices_that_make_no_sense_are_refused() {
        let day = || period(Some("2026-01-20"), "2");
        for (currency, periods, says) in [
            ("", vec![day()], "cost.currency"),
            ("€", vec![day()], "letters"),
            ("EUR", vec![], "[[cost.prices]]"),
            ("EUR", vec![PricePeriod::default()], "no price"),
            ("EUR", vec![day(), day()], "on 2026-01-20"),
            (
                "EUR",
                vec![period(None, "1"), period(None, "1")],
                "without a",
            ),
        ] {
            let error = Prices::new(currency, periods).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
