//! The total cost of several runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::Amount;
use super::prices::{PricePeriod, Prices};

/// What some finished runs used that started while the same prices were valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotUsage {
    /// Number of runs.
    pub runs: u64,
    /// Number of runs with a known duration.
    pub timed: u64,
    /// The sum of these durations, in microseconds.
    pub duration_us: u64,
    /// Number of runs with a known CPU time.
    pub measured: u64,
    /// The sum of these CPU times, in microseconds.
    pub cpu_us: u64,
    /// Number of runs with both.
    pub whole: u64,
}

/// A sum of costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostSum {
    cpu: Part,
    controller: Part,
    hosts: Part,
    runs: u64,
    unknown: u64,
}

/// A part of a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    amount: Amount,
    /// Runs whose cost is not known.
    unknown: u64,
}

impl Part {
    fn merge(&mut self, other: &Self) {
        self.amount += other.amount;
        self.unknown += other.unknown;
    }
}

impl CostSum {
    /// Adds finished runs, and what their hosts cost.
    pub fn add(&mut self, period: Option<&PricePeriod>, usage: &SlotUsage, hosts: Amount) {
        self.runs += usage.runs;
        let Some(period) = period else {
            self.add_unknown(usage.runs);
            return;
        };
        let untimed = usage.runs.saturating_sub(usage.timed);
        let known = match (period.cpu_second.is_some(), period.needs_duration()) {
            (true, true) => usage.whole,
            (true, false) => usage.measured,
            (false, _) => usage.timed,
        };
        self.unknown += usage.runs.saturating_sub(known);
        if let Some(price) = period.cpu_second {
            self.cpu.amount += price.for_seconds(usage.cpu_us);
            self.cpu.unknown += usage.runs.saturating_sub(usage.measured);
        }
        if let Some(price) = period.controller_minute {
            self.controller.amount += price.for_minutes(usage.duration_us);
            self.controller.unknown += untimed;
        }
        if period.prices_hosts() {
            self.hosts.amount += hosts;
            self.hosts.unknown += untimed;
        }
    }

    /// Adds what one host cost in finished runs, of which `timed` have a known duration.
    pub fn add_host(
        &mut self,
        period: Option<&PricePeriod>,
        (runs, timed): (u64, u64),
        cost: Amount,
    ) {
        self.runs += runs;
        let Some(period) = period else {
            self.add_unknown(runs);
            return;
        };
        // A host has no share in these.
        self.cpu.unknown += runs;
        self.controller.unknown += runs;
        if period.prices_hosts() {
            let untimed = runs.saturating_sub(timed);
            self.unknown += untimed;
            self.hosts.unknown += untimed;
            self.hosts.amount += cost;
        }
    }

    fn add_unknown(&mut self, runs: u64) {
        self.unknown += runs;
        for part in [&mut self.cpu, &mut self.controller, &mut self.hosts] {
            part.unknown += runs;
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.cpu.merge(&other.cpu);
        self.controller.merge(&other.controller);
        self.hosts.merge(&other.hosts);
        self.runs += other.runs;
        self.unknown += other.unknown;
    }

    /// The sum of everything that is known.
    #[must_use]
    pub fn total(&self) -> Amount {
        let parts = [self.cpu, self.controller, self.hosts];
        parts.into_iter().map(|part| part.amount).sum()
    }

    /// The sum as served.
    #[must_use]
    pub fn figures(&self, prices: &Prices) -> CostFigures {
        // Something is known of at least one run, or there are no runs.
        let text = |is_priced: bool, part: &Part| {
            let is_known = is_priced && (part.unknown < self.runs || self.runs == 0);
            is_known.then(|| part.amount.to_string())
        };
        let cpu = text(prices.prices_cpu(), &self.cpu);
        let controller = text(prices.prices_controller(), &self.controller);
        let hosts = text(prices.prices_hosts(), &self.hosts);
        let is_known = cpu.is_some() || controller.is_some() || hosts.is_some();
        CostFigures {
            currency: prices.currency().to_owned(),
            total: is_known.then(|| self.total().to_string()),
            cpu,
            controller,
            hosts,
            runs: self.runs,
            unknown_runs: self.unknown,
        }
    }
}

/// What finished runs cost together, each at the prices that were valid when it started. Amounts are decimal numbers as
/// text, exact to 9 digits after the point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CostFigures {
    /// The currency of the amounts.
    pub currency: String,
    /// The sum of everything that is known: with `unknown_runs`, the runs cost at least this much. Missing if nothing is
    /// known of any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "12.5")]
    pub total: Option<String>,
    /// Their CPU time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The time of the machines that ran Ansible. The figures of a host have neither this nor CPU time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// The time of their hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Number of finished runs.
    pub runs: u64,
    /// Number of these runs of which a part is not known, and not in `total`.
    pub unknown_runs: u64,
}

impl CostFigures {
    /// The total as an amount, if anything is known.
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        self.total.as_deref().and_then(|total| total.parse().ok())
    }

    /// The total for people: `12.50 EUR`, `at least 12.50 EUR`, or `unknown`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.amount() {
            None => "unknown".to_owned(),
            Some(amount) if self.unknown_runs > 0 => {
                format!("at least {} {}", amount.shown(), self.currency)
            }
            Some(amount) => format!("{} {}", amount.shown(), self.currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> Prices {
        let price = |text: &str| Some(text.parse().unwrap());
        let period = PricePeriod {
            cpu_second: price("1"),
            controller_minute: price("60"),
            ..PricePeriod::default()
        };
        Prices::new("EUR", vec![period]).unwrap()
    }

    #[test]
    fn runs_of_which_something_is_unknown_are_counted() {
        let prices = prices();
        let mut sum = CostSum::default();
        let nothing = sum.figures(&prices);
        assert_eq!((nothing.total.as_deref(), nothing.runs), (Some("0.00"), 0));
        assert_eq!(nothing.hosts, None);
        let unmeasured = SlotUsage {
            runs: 2,
            ..SlotUsage::default()
        };
        sum.add(prices.at(0), &unmeasured, Amount::ZERO);
        let unknown = sum.figures(&prices);
        assert_eq!((unknown.total.as_deref(), unknown.unknown_runs), (None, 2));
        assert_eq!(unknown.shown(), "unknown");
        let usage = SlotUsage {
            runs: 3,
            timed: 3,
            duration_us: 6_000_000,
            measured: 1,
            cpu_us: 500_000,
            whole: 1,
        };
        sum.add(prices.at(0), &usage, Amount::ZERO);
        let figures = sum.figures(&prices);
        assert_eq!(figures.total.as_deref(), Some("6.50"));
        assert_eq!(figures.cpu.as_deref(), Some("0.50"));
        assert_eq!((figures.runs, figures.unknown_runs), (5, 4));
        assert_eq!(figures.shown(), "at least 6.50 EUR");
        let mut twice = sum;
        twice.merge(&sum);
        assert_eq!(twice.figures(&prices).shown(), "at least 13.00 EUR");
    }

    #[test]
    fn without_prices_at_that_time_nothing_is_known() {
        let mut sum = CostSum::default();
        let usage = SlotUsage {
            runs: 1,
            timed: 1,
            duration_us: 1,
            measured: 1,
            cpu_us: 1,
            whole: 1,
        };
        sum.add(None, &usage, Amount::ZERO);
        assert_eq!(sum.figures(&prices()).total, None);
    }
}
