//! Statistics of durations: count, sum, extremes, and a histogram.

/// Buckets for each doubling, as a power of two. The width of a bucket is 1/32 of its values, for which its middle is
/// used: a percentile is at most 1.6 % off.
const BITS: u32 = 5;

/// Sums of durations in microseconds; a negative duration counts as 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    pub(super) count: u64,
    pub(super) sum_us: u64,
    pub(super) min_us: u64,
    pub(super) max_us: u64,
    /// Each bucket and the number of durations in it, in order; empty buckets are left out.
    pub(super) buckets: Vec<(u16, u64)>,
}

impl Durations {
    /// Adds one duration.
    pub fn add(&mut self, us: i64) {
        self.add_unsigned(u64::try_from(us).unwrap_or(0));
    }

    pub(super) fn add_unsigned(&mut self, us: u64) {
        self.min_us = if self.count == 0 {
            us
        } else {
            self.min_us.min(us)
        };
        self.max_us = self.max_us.max(us);
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        self.put(bucket(us), 1);
    }

    /// Adds all durations of another one.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min_us = if self.count == 0 {
            other.min_us
        } else {
            self.min_us.min(other.min_us)
        };
        self.max_us = self.max_us.max(other.max_us);
        self.count = self.count.saturating_add(other.count);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        for (bucket, count) in &other.buckets {
            self.put(*bucket, *count);
        }
    }

    fn put(&mut self, bucket: u16, count: u64) {
        match self
            .buckets
            .binary_search_by_key(&bucket, |(known, _)| *known)
        {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(count),
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// The count.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The mean in seconds; 0 if empty.
    #[must_use]
    pub fn average(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        self.sum_us as f64 / self.count as f64 / 1e6
    }

    /// The shortest in seconds; 0 if empty.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min_us as f64 / 1e6
    }

    /// The longest in seconds; 0 if empty.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max_us as f64 / 1e6
    }

    /// The time within which `percent` percent of the durations lie, in seconds, to about 1.6 %; 0 if empty.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> f64 {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        // The extremes are known exactly.
        if rank <= 1 {
            return self.min();
        }
        if rank == u128::from(self.count) {
            return self.max();
        }
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += u128::from(*count);
            if seen >= rank {
                let us = middle(*bucket).clamp(self.min_us, self.max_us);
                return us as f64 / 1e6;
            }
        }
        0.0
    }
}

/// The bucket of a time: its highest bit, and the bits after it.
pub(super) fn bucket(us: u64) -> u16 {
    if us < 1 << BITS {
        return us as u16;
    }
    let shift = u64::BITS - 1 - us.leading_zeros() - BITS;
    // At most 59 doublings of 32 buckets each.
    (((shift + 1) << BITS) as u64 + ((us >> shift) & ((1 << BITS) - 1))) as u16
}

/// The middle of a bucket's range.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 1 << BITS {
        return bucket;
    }
    let shift = ((bucket >> BITS) - 1).min(u64::from(u64::BITS - 1 - BITS));
    let start = ((1 << BITS) + (bucket & ((1 << BITS) - 1))) << shift;
    start + ((1 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[u64]) -> Durations {
        let mut all = Durations::default();
        for us in times {
            all.add_unsigned(*us);
        }
        all
    }

    /// Durations of every magnitude, equally likely.
    fn time() -> impl Strategy<Value = u64> {
        (0_u32..63, any::<u64>()).prop_map(|(bits, us)| us >> 1 >> bits)
    }

    proptest! {
        #[test]
        fn merging_is_adding(one in vec(time(), 0..40), other in vec(time(), 0..40)) {
            let mut merged = of(&one);
            merged.merge(&of(&other));
            prop_assert_eq!(merged, of(&[one, other].concat()));
        }

        #[test]
        fn a_percentile_is_within_its_bound(times in vec(time(), 1..60), percent in 0_u32..=100) {
            let all = of(&times);
            let mut sorted = times;
            sorted.sort_unstable();
            let rank = (sorted.len() * percent as usize).div_ceil(100).max(1);
            let exact = sorted[rank - 1] as f64 / 1e6;
            let found = all.percentile(percent);
            prop_assert!((found - exact).abs() <= exact * 0.016, "{} for {}", found, exact);
        }
    }

    #[test]
    fn of_none_everything_is_nothing() {
        let none = Durations::default();
        let figures = [
            none.average(),
            none.min(),
            none.max(),
            none.percentile(50),
            none.percentile(95),
        ];
        assert_eq!(figures, [0.0; 5]);
        let mut one = Durations::default();
        one.add(-5);
        assert_eq!((one.count(), one.max()), (1, 0.0));
        one.add(i64::MAX);
        one.add(i64::MAX);
        one.add(i64::MAX);
        assert!(one.average() > 0.0);
    }
}
