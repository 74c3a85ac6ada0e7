//! The prices, and which hosts are in groups that have their own price.

use std::collections::HashMap;

use super::money::{Amount, Price};
use super::prices::{PricePeriod, Prices};

/// The groups of each host, by their index in [`Prices::groups`]. Hosts in none of these groups are left out.
pub type HostGroupNumbers = HashMap<String, Vec<usize>>;

/// Everything that is needed to compute what runs cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costing {
    prices: Prices,
    hosts: HostGroupNumbers,
}

impl Costing {
    /// These prices. `hosts`: the groups of each host, as recorded last.
    #[must_use]
    pub fn new(prices: Prices, hosts: HostGroupNumbers) -> Self {
        Self { prices, hosts }
    }

    /// The prices.
    #[must_use]
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The groups of a host that have their own price.
    #[must_use]
    pub fn groups_of(&self, host: &str) -> &[usize] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// The price of a minute of a host in these groups: the highest of the groups' prices, or otherwise the price for
    /// all hosts.
    #[must_use]
    pub fn host_price(&self, period: &PricePeriod, groups: &[usize]) -> Option<Price> {
        let names = groups.iter().filter_map(|at| self.prices.groups().get(*at));
        let prices = names.filter_map(|name| period.host_minute_by_group.get(name).copied());
        prices.max().or(period.host_minute)
    }

    /// What this time of a host costs, if it was spent in a run that started at `us`.
    #[must_use]
    pub fn host_cost(&self, us: i64, groups: &[usize], time_us: u64) -> Amount {
        let price = self
            .prices
            .at(us)
            .and_then(|period| self.host_price(period, groups));
        price.map_or(Amount::ZERO, |price| price.for_minutes(time_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_costs_what_the_dearest_of_its_groups_costs() {
        let group = |name: &str, price: &str| (name.to_owned(), price.parse().unwrap());
        let period = PricePeriod {
            host_minute: Some("0.5".parse().unwrap()),
            host_minute_by_group: [group("db", "2"), group("web", "1"), group("free", "0")].into(),
            ..PricePeriod::default()
        };
        let prices = Prices::new("EUR", vec![period]).unwrap();
        assert_eq!(prices.groups(), ["db", "free", "web"]);
        let hosts = [
            ("both".to_owned(), vec![0, 2]),
            ("web".to_owned(), vec![2]),
            ("free".to_owned(), vec![1]),
        ];
        let costing = Costing::new(prices, hosts.into());
        let minute = |host: &str| {
            let groups = costing.groups_of(host);
            costing.host_cost(0, groups, 60_000_000).to_string()
        };
        assert_eq!(minute("both"), "2.00");
        assert_eq!(minute("web"), "1.00");
        assert_eq!(minute("free"), "0.00");
        assert_eq!(minute("another"), "0.50");
    }
}
