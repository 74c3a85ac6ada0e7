//! Figures of a series of values in time, and where its level changes. Pure.

/// Fewest values on each side of a change.
const SIDE: usize = 5;

/// How unlikely a change must be a coincidence.
const SIGNIFICANCE: f64 = 0.01;

/// How much the medians on both sides must differ at least: relatively, and in seconds.
const RELATIVE: f64 = 0.1;
const SECONDS: f64 = 0.5;

/// The median; 0 for no values.
pub(in crate::history) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that this share of the values does not exceed, interpolated; 0 for no values.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f64;
    let below = place.floor();
    let (low, high) = (sorted[below as usize], sorted[place.ceil() as usize]);
    low + (high - low) * (place - below)
}

/// Where the level of the values changes: the index of each first value of a new level, in order.
///
/// It is Pettitt's test, which assumes nothing of how values are distributed, applied to both sides of each change again.
pub(super) fn changes(values: &[f64]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut parts = vec![(0, values.len())];
    while let Some((start, end)) = parts.pop() {
        if let Some(at) = change(&values[start..end]) {
            found.push(start + at);
            parts.extend([(start, start + at), (start + at, end)]);
        }
    }
    found.sort_unstable();
    found
}

/// The most likely change of a series, if it has one.
fn change(values: &[f64]) -> Option<usize> {
    let count = values.len();
    if count < 2 * SIDE {
        return None;
    }
    let ranks = ranks(values);
    let n = count as f64;
    let (mut sum, mut best, mut at) = (0.0, 0.0_f64, 0);
    for (index, rank) in ranks.iter().enumerate().take(count - SIDE) {
        sum += rank;
        let seen = index + 1;
        // How far the first values stand above or below the others.
        let distance = (2.0 * sum - seen as f64 * (n + 1.0)).abs();
        if seen >= SIDE && distance > best {
            (best, at) = (distance, seen);
        }
    }
    let coincidence = 2.0 * (-6.0 * best * best / (n * n * n + n * n)).exp();
    let (before, after) = (median(&values[..at]), median(&values[at..]));
    let differs = (after - before).abs();
    let is_relevant = differs >= SECONDS && differs >= RELATIVE * before.min(after);
    (at > 0 && coincidence < SIGNIFICANCE && is_relevant).then_some(at)
}

/// The rank of each value, from 1; equal values have the same, in between.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let rank = (start + 1 + end) as f64 / 2.0;
        for index in &order[start..end] {
            ranks[*index] = rank;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        let hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.95), 95.0);
    }

    fn noise(index: usize) -> f64 {
        // The golden ratio spreads values evenly.
        (index as f64 * 0.618_033_988_75).fract() * 4.0
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        for (levels, expected) in [
            (vec![(20, 60.0)], vec![]),
            (vec![(9, 60.0)], vec![]),
            (vec![(20, 60.0), (20, 90.0)], vec![20]),
            (vec![(20, 90.0), (10, 60.0)], vec![20]),
            (vec![(20, 60.0), (20, 90.0), (20, 40.0)], vec![20, 40]),
            // Too short to be more than chance, too small to matter.
            (vec![(20, 60.0), (3, 90.0)], vec![]),
            (vec![(20, 60.0), (20, 62.0)], vec![]),
            (vec![(40, 60.0), (40, 65.0)], vec![]),
        ] {
            let levels = levels.iter();
            let values: Vec<f64> = levels
                .flat_map(|(count, level)| std::iter::repeat_n(*level, *count))
                .enumerate()
                .map(|(index, level)| level + noise(index))
                .collect();
            assert_eq!(changes(&values), expected, "{values:?}");
        }
        let tiny: Vec<f64> = (0..40).map(|at| if at < 20 { 0.1 } else { 0.3 }).collect();
        assert_eq!(changes(&tiny), Vec::<usize>::new());
    }

    #[test]
    fn one_value_out_of_line_is_no_change() {
        let mut values: Vec<f64> = (0..40).map(|index| 60.0 + noise(index)).collect();
        values[20] = 3600.0;
        assert_eq!(changes(&values), Vec::<usize>::new());
    }

    proptest! {
        #[test]
        fn ranks_count_pairs(values in prop::collection::vec(0..20_u8, 0..40)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let ranks = ranks(&values);
            let n = values.len();
            for at in 0..n {
                // By definition: each value before against each value after.
                let pairs: f64 = (0..=at)
                    .flat_map(|one| (at + 1..n).map(move |other| (one, other)))
                    .map(|(one, other)| match values[one].total_cmp(&values[other]) {
                        std::cmp::Ordering::Less => -1.0,
                        std::cmp::Ordering::Equal => 0.0,
                        std::cmp::Ordering::Greater => 1.0,
                    })
                    .sum();
                let sum: f64 = ranks[..=at].iter().sum();
                let distance = 2.0 * sum - (at + 1) as f64 * (n as f64 + 1.0);
                prop_assert!((distance - pairs).abs() < 1e-6);
            }
        }
    }
}
