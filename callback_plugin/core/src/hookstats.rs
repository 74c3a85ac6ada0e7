//! Measures how long the recorder's hooks take if `PLAYBACK_HOOK_STATS` names a file: at exit it gets one JSON object,
//! hook → `count`, `p50_ns`, `p99_ns`, `p99_9_ns`, `max_ns`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::clock;

/// Steps within each doubling of the time: a quantile is accurate to 3 %.
const STEPS: usize = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();
const BUCKETS: usize = STEPS * 40;

/// Times by hook.
#[derive(Debug)]
pub struct HookStats {
    file: Option<PathBuf>,
    hooks: Mutex<Vec<(&'static str, Histogram)>>,
}

#[derive(Debug)]
struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl HookStats {
    /// Measures if there is a file to write to.
    #[must_use]
    pub fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            hooks: Mutex::default(),
        }
    }

    /// The time at which a hook begins, if measuring.
    pub fn start(&self) -> Option<Instant> {
        self.file.as_ref().map(|_| clock::instant())
    }

    /// A hook ends.
    pub fn stop(&self, hook: &'static str, started: Option<Instant>) {
        let Some(started) = started else { return };
        let elapsed = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let at = hooks
            .iter()
            .position(|(name, _)| *name == hook)
            .unwrap_or_else(|| {
                hooks.push((hook, Histogram::new()));
                hooks.len() - 1
            });
        hooks[at].1.add(elapsed);
    }

    /// Writes the file.
    pub fn write(&self) {
        let Some(file) = &self.file else { return };
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let table: serde_json::Map<_, _> = hooks
            .iter()
            .map(|(name, times)| ((*name).to_owned(), times.summary()))
            .collect();
        // Only a measurement is lost.
        let _ = write_whole(file, &serde_json::Value::Object(table));
    }
}

fn write_whole(file: &Path, value: &serde_json::Value) -> std::io::Result<()> {
    std::fs::write(file, format!("{value:#}\n"))
}

impl Histogram {
    fn new() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            max: 0,
        }
    }

    fn add(&mut self, value: u64) {
        self.buckets[bucket(value).min(BUCKETS - 1)] += 1;
        self.count += 1;
        self.max = self.max.max(value);
    }

    fn quantile(&self, share: f64) -> u64 {
        let rank = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper(index).min(self.max);
            }
        }
        self.max
    }

    fn summary(&self) -> serde_json::Value {
        serde_json::json!({
            "count": self.count,
            "p50_ns": self.quantile(0.5),
            "p99_ns": self.quantile(0.99),
            "p99_9_ns": self.quantile(0.999),
            "max_ns": self.max,
        })
    }
}

/// The bucket of a value: exact below [`STEPS`], then [`STEPS`] of them for each doubling.
fn bucket(value: u64) -> usize {
    let doublings = (u64::BITS - value.leading_zeros()).saturating_sub(STEP_BITS + 1);
    doublings as usize * STEPS + (value >> doublings) as usize
}

/// The largest value of a bucket.
fn upper(index: usize) -> u64 {
    let doublings = (index / STEPS).saturating_sub(1) as u32;
    let step = (index - doublings as usize * STEPS) as u64;
    ((step + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_close_to_the_truth() {
        let mut times = Histogram::new();
        for value in 1..=10_000 {
            times.add(value);
        }
        for (share, truth) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.999, 9_990.0)] {
            let told = times.quantile(share) as f64;
            assert!((told / truth - 1.0).abs() < 0.04, "{share}: {told}");
        }
        assert_eq!(times.quantile(1.0), 10_000);
    }
}
