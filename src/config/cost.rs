//! Configuration of the costs of runs: `[cost]`.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::filter::query::{parse_query, time_at};
use crate::model::{Amount, Budget, BudgetPeriod, ExecutionFilter, Price, PricePeriod, Prices};

/// The longest name of a budget, in bytes.
const NAME_BYTES: usize = 100;

/// Prices and budgets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostConfig {
    /// The currency of all prices.
    pub currency: Option<String>,
    /// The prices: each entry replaces the one before it from its day on.
    pub prices: Vec<PriceConfig>,
    /// How much may be spent.
    pub budgets: Vec<BudgetConfig>,
}

/// Prices from a day on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceConfig {
    /// The first day (UTC), as `YYYY-MM-DD`; without it, since ever.
    pub from: Option<String>,
    /// For a second of CPU time.
    pub cpu_second: Option<Decimal>,
    /// For a minute of the machine that runs Ansible.
    pub controller_minute: Option<Decimal>,
    /// For a minute of a host.
    pub host_minute: Option<Decimal>,
    /// For a minute of a host of a group.
    pub host_minute_by_group: BTreeMap<String, Decimal>,
}

/// How much may be spent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// Its name.
    pub name: String,
    /// `day`, `week` or `month`.
    pub period: String,
    /// How much.
    pub amount: Decimal,
    /// Which runs count; without it, all.
    #[serde(default)]
    pub query: Option<String>,
}

/// A decimal number as text, or a whole number. Numbers with a point are refused: as binary numbers, most prices would
/// not be what is written.
#[derive(Debug, Clone)]
pub struct Decimal(String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Decimal;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a decimal number in quotation marks, such as \"0.0125\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
                Ok(Decimal(text.trim().to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }
        }

        from.deserialize_any(Reader)
    }
}

impl Decimal {
    fn price(&self, name: &str) -> Result<Price, String> {
        let price = self.0.parse::<Price>();
        price.map_err(|error| format!("cost.prices.{name} = {:?}: {error}", self.0))
    }
}

impl CostConfig {
    /// The prices; none if none are configured.
    ///
    /// # Errors
    /// They make no sense: which, and what is valid.
    pub fn prices(&self) -> Result<Option<Prices>, String> {
        let Some(currency) = &self.currency else {
            return match self.prices.is_empty() && self.budgets.is_empty() {
                true => Ok(None),
                false => Err("cost.currency is missing: set it, for example to \"EUR\"".to_owned()),
            };
        };
        let periods: Result<Vec<PricePeriod>, String> =
            self.prices.iter().map(PriceConfig::period).collect();
        let prices = Prices::new(currency, periods?);
        prices.map(Some).map_err(|error| error.to_string())
    }

    /// The budgets.
    ///
    /// # Errors
    /// One is not valid: which, and what is valid.
    pub fn budgets(&self) -> Result<Vec<Budget>, String> {
        let mut budgets: Vec<Budget> = Vec::with_capacity(self.budgets.len());
        for one in &self.budgets {
            let budget = one.budget()?;
            if budgets.iter().any(|other| other.name == budget.name) {
                return Err(format!(
                    "cost.budgets: two are named {:?}: each needs a name of its own",
                    one.name
                ));
            }
            budgets.push(budget);
        }
        Ok(budgets)
    }
}

impl PriceConfig {
    fn period(&self) -> Result<PricePeriod, String> {
        let price = |name, price: &Option<Decimal>| {
            let price = price.as_ref().map(|price: &Decimal| price.price(name));
            price.transpose()
        };
        let day = |text: &String| {
            text.parse::<NaiveDate>().map_err(|_| {
                format!("cost.prices.from = {text:?}: it must be a day, such as \"2026-01-31\"")
            })
        };
        let groups = self.host_minute_by_group.iter().map(|(group, price)| {
            let price = price.price(&format!("host_minute_by_group.{group}"))?;
            Ok::<_, String>((group.clone(), price))
        });
        Ok(PricePeriod {
            from: self.from.as_ref().map(day).transpose()?,
            cpu_second: price("cpu_second", &self.cpu_second)?,
            controller_minute: price("controller_minute", &self.controller_minute)?,
            host_minute: price("host_minute", &self.host_minute)?,
            host_minute_by_group: groups.collect::<Result<_, String>>()?,
        })
    }
}

impl BudgetConfig {
    fn budget(&self) -> Result<Budget, String> {
        let name = &self.name;
        if name.trim().is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
            return Err(format!(
                "cost.budgets.name = {name:?}: it must have 1 to {NAME_BYTES} bytes, and no control characters"
            ));
        }
        let refused = |field: &str, value: &str, problem: &str| {
            format!("cost.budgets {name:?}: {field} = {value:?}: {problem}")
        };
        let mut periods = BudgetPeriod::ALL.into_iter();
        let period = periods
            .find(|period| period.as_str() == self.period)
            .ok_or_else(|| refused("period", &self.period, "it must be day, week or month"))?;
        let amount = self.amount.0.parse::<Amount>();
        let amount =
            amount.map_err(|error| refused("amount", &self.amount.0, &error.to_string()))?;
        if amount.is_zero() {
            return Err(refused("amount", &self.amount.0, "it must be more than 0"));
        }
        let query = self
            .query
            .as_deref()
            .filter(|query| !query.trim().is_empty());
        let mut filter = ExecutionFilter::default();
        if let Some(query) = query {
            let read = parse_query(query, &time_at(0));
            let read = read.map_err(|error| refused("query", query, &error.to_string()))?;
            if let Some(read) = read {
                filter = filter.with_query(&read);
            }
        }
        if filter.from_us.is_some() || filter.to_us.is_some() {
            let problem = "since and until are given by the period: leave them out";
            return Err(refused("query", query.unwrap_or_default(), problem));
        }
        Ok(Budget {
            name: name.clone(),
            period,
            amount,
            query: query.map(str::to_owned),
            filter,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> CostConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn prices_are_read_as_they_are_written() {
        let config = read(
            "currency = 'EUR'\n[[prices]]\ncpu_second = '0.00001'\n\
             [[prices]]\nfrom = '2026-02-01'\ncpu_second = 1\nhost_minute = '0.5'\n\
             host_minute_by_group = { db = '2.25' }\n\
             [[budgets]]\nname = 'prod'\nperiod = 'month'\namount = 500\nquery = 'label:prod'\n",
        );
        let prices = config.prices().unwrap().unwrap();
        assert_eq!((prices.currency(), prices.periods().len()), ("EUR", 2));
        assert_eq!(prices.groups(), ["db"]);
        let cpu = prices.periods()[0].cpu_second.unwrap();
        assert_eq!(cpu.to_string(), "0.00001");
        let budgets = config.budgets().unwrap();
        assert_eq!(budgets[0].amount.to_string(), "500.00");
        assert_eq!(budgets[0].filter.label.as_deref(), Some("prod"));
        assert!(CostConfig::default().prices().unwrap().is_none());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, says) in [
            ("[[prices]]\ncpu_second = '1'", "cost.currency is missing"),
            ("currency = 'EUR'", "[[cost.prices]]"),
            ("currency = 'EUR'\n[[prices]]\n", "no price"),
            (
                "currency = 'EUR'\n[[prices]]\nfrom = 'January'\ncpu_second = '1'",
                "cost.prices.from = \"January\"",
            ),
            (
                "currency = 'EUR'\n[[prices]]\ncpu_second = '0,5'",
                "cost.prices.cpu_second = \"0,5\": a price is a decimal number",
            ),
            (
                "currency = 'EUR'\n[[prices]]\nhost_minute_by_group = { db = 'x' }",
                "host_minute_by_group.db",
            ),
        ] {
            let error = read(text).prices().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        let budget = |rest: &str| read(&format!("[[budgets]]\nname = 'a'\n{rest}"));
        for (rest, says) in [
            (
                "period = 'year'\namount = 1",
                "it must be day, week or month",
            ),
            ("period = 'day'\namount = 0", "more than 0"),
            ("period = 'day'\namount = '-1'", "decimal number"),
            (
                "period = 'day'\namount = 1\nquery = 'stauts:failed'",
                "column 1",
            ),
            (
                "period = 'day'\namount = 1\nquery = 'since:7d'",
                "given by the period",
            ),
        ] {
            let error = budget(rest).budgets().unwrap_err();
            assert!(error.contains(says), "{rest}: {error}");
        }
        // Binary numbers are not exact.
        let error = toml::from_str::<CostConfig>("[[prices]]\ncpu_second = 0.1");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("in quotation marks")
        );
    }
}
