//! Figures and costs, counted run by run: slow and obvious.

use std::sync::Arc;

use playback::model::{By, Costing, DAY_US, Figures, PricePeriod, Prices, Status};

use super::samples::{FIRST_DAY, Sample};

/// Figures, counted run by run.
#[derive(Clone, Default)]
pub(super) struct Plain(pub(super) Vec<(Status, Option<i64>)>);

impl Plain {
    pub(super) fn count(&self, status: Status) -> u64 {
        self.0.iter().filter(|(is, _)| *is == status).count() as u64
    }

    #[track_caller]
    pub(super) fn assert_are(&self, figures: &Figures, where_: &str) {
        let (success, failed) = (self.count(Status::Success), self.count(Status::Failed));
        let counts = (
            figures.total,
            figures.success,
            figures.failed,
            figures.running,
        );
        let running = self.count(Status::Running);
        assert_eq!(
            counts,
            (self.0.len() as u64, success, failed, running),
            "{where_}"
        );
        let near = |is: f64, should: f64, by: f64, what: &str| {
            let far = (is - should).abs();
            assert!(
                far <= should * by + 1e-9,
                "{where_}: {what} is {is}, not {should}"
            );
        };
        let over = success + failed;
        let rate = if over == 0 {
            0.0
        } else {
            success as f64 / over as f64 * 100.0
        };
        near(figures.success_rate, rate, 1e-9, "success_rate");
        let mut times: Vec<f64> = self
            .0
            .iter()
            .filter_map(|(_, us)| Some((*us)? as f64 / 1e6))
            .collect();
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
        let percentile = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100);
            times.get(rank.max(1) - 1).copied().unwrap_or(0.0)
        };
        near(figures.avg_duration, mean, 1e-9, "avg_duration");
        near(figures.min_duration, percentile(0), 0.0, "min_duration");
        near(figures.max_duration, percentile(100), 0.0, "max_duration");
        near(figures.p50_duration, percentile(50), 0.016, "p50_duration");
        near(figures.p95_duration, percentile(95), 0.016, "p95_duration");
    }
}

/// The first day on which other prices are valid.
pub(super) const DEARER: i64 = FIRST_DAY + 2;

/// Prices of CPU time, controllers and hosts, of which one is in a group of its own; later, of controllers alone.
pub(super) fn costing() -> Arc<Costing> {
    let price = |text: &str| text.parse().ok();
    let first = PricePeriod {
        from: None,
        cpu_second: price("0.000123457"),
        controller_minute: price("0.01"),
        host_minute: price("0.003"),
        host_minute_by_group: [("db".to_owned(), "0.05".parse().unwrap())].into(),
    };
    let later = PricePeriod {
        from: "2026-01-22".parse().ok(),
        controller_minute: price("0.02"),
        ..PricePeriod::default()
    };
    let prices = Prices::new("EUR", vec![first, later]).unwrap();
    Arc::new(Costing::new(
        prices,
        [("host-1".to_owned(), vec![0])].into(),
    ))
}

/// What runs cost, added up run by run, in 10^-9 of the currency divided by the microseconds of a minute: then every price
/// times a number of microseconds is a whole number.
#[derive(Clone, Default)]
pub(super) struct Spent {
    units: i128,
    runs: u64,
    unknown: u64,
    /// Runs of which CPU time, controller and hosts have no known cost.
    unknown_parts: [u64; 3],
}

impl Spent {
    /// Adds a run; or, of a run, one of its hosts.
    pub(super) fn add(&mut self, sample: &Sample, only: Option<&str>) {
        let row = sample.row();
        if row.status == Status::Running {
            return;
        }
        self.runs += 1;
        let is_untimed = sample.duration_us().is_none();
        let us = i128::from(sample.duration_us().unwrap_or(0));
        let is_first = sample.at_us().div_euclid(DAY_US) < DEARER;
        let of_host = |name: &str| match (is_first, name) {
            (false, _) => 0,
            (true, "host-1") => us * 50_000_000,
            (true, _) => us * 3_000_000,
        };
        let [cpu, controller, of_hosts] = &mut self.unknown_parts;
        *of_hosts += u64::from(is_first && is_untimed);
        if let Some(host) = only {
            // A host has no part in these.
            *cpu += 1;
            *controller += 1;
            self.unknown += u64::from(is_first && is_untimed);
            self.units += of_host(host);
            return;
        }
        let is_unmeasured = is_first && row.usage.is_none();
        *cpu += u64::from(is_unmeasured);
        *controller += u64::from(is_untimed);
        self.unknown += u64::from(is_unmeasured || is_untimed);
        self.units += us * if is_first { 10_000_000 } else { 20_000_000 };
        let hosts = sample.changes.hosts.iter();
        self.units += hosts.map(|host| of_host(&host.name)).sum::<i128>();
        if let Some(usage) = row.usage.as_ref().filter(|_| is_first) {
            let cpu_us = (usage.user_s * 1e6).round() + (usage.system_s * 1e6).round();
            self.units += cpu_us as i128 * 123_457 * 60;
        }
    }

    #[track_caller]
    pub(super) fn assert_is(&self, figures: &Figures, about: &str) {
        let cost = figures.cost.as_ref().unwrap();
        assert_eq!(
            (cost.runs, cost.unknown_runs),
            (self.runs, self.unknown),
            "{about}"
        );
        let nano = (self.units + 30_000_000) / 60_000_000;
        let mut text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
        while text.ends_with('0') && !text.ends_with(".00") {
            let shorter = &text[..text.len() - 1];
            if shorter.split_once('.').unwrap().1.len() < 2 {
                break;
            }
            text = shorter.to_owned();
        }
        let mut unknown = self.unknown_parts.iter();
        let is_known = self.runs == 0 || unknown.any(|unknown| *unknown < self.runs);
        let total = is_known.then_some(text.as_str());
        assert_eq!(cost.total.as_deref(), total, "{about}");
    }
}

/// What these runs cost; or, of each, one of its hosts.
pub(super) fn spent<'s>(samples: impl Iterator<Item = &'s Sample>, only: Option<&str>) -> Spent {
    let mut spent = Spent::default();
    samples.for_each(|sample| spent.add(sample, only));
    spent
}

/// Whether a run belongs to a group of an answer.
pub(super) fn is_in(sample: &Sample, by: By, name: &str) -> bool {
    let run = &sample.row().description;
    match by {
        By::Playbook => run.playbook.as_deref() == Some(name),
        By::Inventory => run.inventory.as_deref() == Some(name),
        By::User => run.user.as_deref() == Some(name),
        By::Label => run.labels.iter().any(|label| label == name),
        By::Host => sample.changes.hosts.iter().any(|host| host.name == name),
        By::Task => false,
    }
}
