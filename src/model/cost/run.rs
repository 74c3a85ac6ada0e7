//! The cost of one run.

use playback_wire::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::costing::Costing;
use super::money::Amount;

/// What a finished run used, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunUsage {
    /// When it started, in microseconds since the epoch.
    pub started_us: i64,
    /// How long it took.
    pub duration_us: Option<i64>,
    /// Its CPU time, in user mode and in the kernel.
    pub cpu_us: Option<u64>,
}

impl RunUsage {
    /// The CPU time of a recorded usage, in microseconds, as it is stored.
    #[must_use]
    pub fn cpu_us(usage: &Usage) -> u64 {
        let us = |seconds: f64| (seconds * 1e6).round().max(0.0) as u64;
        us(usage.user_s).saturating_add(us(usage.system_s))
    }
}

/// What a run cost, at the prices that were valid when it started. Amounts are decimal numbers as text, exact to 9 digits
/// after the point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCost {
    /// The currency of the amounts.
    pub currency: String,
    /// The sum; missing if a part of it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.0125")]
    pub total: Option<String>,
    /// Its CPU time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The time of the machine that ran Ansible: the run's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// The time of its hosts: each host counts for as long as the run took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// Which priced parts are not known: `usage` (no CPU time was recorded), `duration` (the start or the end was not
    /// recorded), `prices` (none was valid yet).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

impl RunCost {
    /// The cost of a finished run on these hosts.
    #[must_use]
    pub fn of<'h>(
        costing: &Costing,
        usage: &RunUsage,
        hosts: impl Iterator<Item = &'h str>,
    ) -> Self {
        let mut cost = Self {
            currency: costing.prices().currency().to_owned(),
            ..Self::default()
        };
        let Some(period) = costing.prices().at(usage.started_us) else {
            cost.unknown.push("prices".to_owned());
            return cost;
        };
        let mut total = Amount::ZERO;
        if let Some(price) = period.cpu_second {
            match usage.cpu_us {
                Some(us) => cost.cpu = Some(add(&mut total, price.for_seconds(us))),
                None => cost.unknown.push("usage".to_owned()),
            }
        }
        if period.needs_duration() {
            match usage.duration_us.map(|us| us.max(0).unsigned_abs()) {
                None => cost.unknown.push("duration".to_owned()),
                Some(us) => {
                    if let Some(price) = period.controller_minute {
                        cost.controller = Some(add(&mut total, price.for_minutes(us)));
                    }
                    if period.prices_hosts() {
                        let of_host = |host| {
                            let price = costing.host_price(period, costing.groups_of(host));
                            price.map_or(Amount::ZERO, |price| price.for_minutes(us))
                        };
                        cost.hosts = Some(add(&mut total, hosts.map(of_host).sum()));
                    }
                }
            }
        }
        if cost.unknown.is_empty() {
            cost.total = Some(total.to_string());
        }
        cost
    }
}

/// Adds a part to the sum; returns the part as text.
fn add(total: &mut Amount, part: Amount) -> String {
    *total += part;
    part.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::{PricePeriod, Prices};
    use super::*;

    const NOON: i64 = 1_768_910_400_000_000;

    fn costing() -> Costing {
        let price = |text: &str| Some(text.parse().unwrap());
        let period = PricePeriod {
            from: "2026-01-01".parse().ok(),
            cpu_second: price("0.001"),
            controller_minute: price("0.06"),
            host_minute: price("0.6"),
            ..PricePeriod::default()
        };
        Costing::new(Prices::new("EUR", vec![period]).unwrap(), [].into())
    }

    fn usage() -> RunUsage {
        RunUsage {
            started_us: NOON,
            duration_us: Some(30_000_000),
            cpu_us: Some(2_500_000),
        }
    }

    #[test]
    fn each_part_of_a_cost_is_told() {
        let cost = RunCost::of(&costing(), &usage(), ["web1", "web2"].into_iter());
        assert_eq!(cost.cpu.as_deref(), Some("0.0025"));
        assert_eq!(cost.controller.as_deref(), Some("0.03"));
        assert_eq!(cost.hosts.as_deref(), Some("0.60"));
        assert_eq!(cost.total.as_deref(), Some("0.6325"));
        assert!(cost.unknown.is_empty());
    }

    #[test]
    fn what_is_not_known_is_never_nothing() {
        let of = |usage| RunCost::of(&costing(), &usage, ["web1"].into_iter());
        let without_usage = of(RunUsage {
            cpu_us: None,
            ..usage()
        });
        assert_eq!((&without_usage.total, &without_usage.cpu), (&None, &None));
        assert_eq!(without_usage.unknown, ["usage"]);
        assert_eq!(without_usage.hosts.as_deref(), Some("0.30"));
        let without_both = of(RunUsage {
            cpu_us: None,
            duration_us: None,
            ..usage()
        });
        assert_eq!(without_both.unknown, ["usage", "duration"]);
        let before = of(RunUsage {
            started_us: 0,
            ..usage()
        });
        assert_eq!(
            (before.total, before.unknown),
            (None, vec!["prices".to_owned()])
        );
    }

    #[test]
    fn usage_that_has_no_price_need_not_be_known() {
        let period = PricePeriod {
            controller_minute: "1".parse().ok(),
            ..PricePeriod::default()
        };
        let costing = Costing::new(Prices::new("EUR", vec![period]).unwrap(), [].into());
        let usage = RunUsage {
            cpu_us: None,
            ..usage()
        };
        let cost = RunCost::of(&costing, &usage, ["web1"].into_iter());
        assert_eq!(cost.total.as_deref(), Some("0.50"));
        assert_eq!((cost.hosts, cost.cpu), (None, None));
    }

    #[test]
    fn cpu_time_reads_back_as_it_is_stored() {
        let usage = Usage {
            user_s: 1.234_567,
            system_s: 0.1,
            peak_bytes: 0,
        };
        assert_eq!(RunUsage::cpu_us(&usage), 1_334_567);
    }
}
