//! Aligns two sequences: which elements correspond, in an order that both share. Pure.
//!
//! Equal beginnings and ends are taken off first. What remains is aligned by Myers' algorithm, which finds a longest
//! common subsequence in time proportional to the length times the number of differences. Where there are more than
//! [`DIFFERENCES`], elements that occur once on both sides divide the sequences (patience diff), and the parts are
//! aligned by themselves. All of that has [`STEPS`]; what is left then stays unmatched.

use std::collections::HashMap;

/// Differences, insertions and deletions together, up to which an alignment is a longest one.
const DIFFERENCES: usize = 1_000;

/// Comparisons in all: some 50 ms.
const STEPS: usize = 20_000_000;

/// Places `(i, j)`, increasing in both, at which `before[i] == now[j]`.
pub(super) fn align(before: &[u32], now: &[u32]) -> Vec<(usize, usize)> {
    align_within(before, now, DIFFERENCES, STEPS)
}

fn align_within(
    before: &[u32],
    now: &[u32],
    differences: usize,
    mut steps: usize,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut parts = vec![(0..before.len(), 0..now.len())];
    while let Some((mut a, mut b)) = parts.pop() {
        while !a.is_empty() && !b.is_empty() && before[a.start] == now[b.start] {
            pairs.push((a.start, b.start));
            (a.start, b.start) = (a.start + 1, b.start + 1);
        }
        while !a.is_empty() && !b.is_empty() && before[a.end - 1] == now[b.end - 1] {
            (a.end, b.end) = (a.end - 1, b.end - 1);
            pairs.push((a.end, b.end));
        }
        if a.is_empty() || b.is_empty() {
            continue;
        }
        let (x, y) = (&before[a.clone()], &now[b.clone()]);
        if let Some(found) = shortest(x, y, differences, &mut steps) {
            let found = found.into_iter();
            pairs.extend(found.map(|(i, j)| (a.start + i, b.start + j)));
            continue;
        }
        let Some(left) = steps.checked_sub(x.len() + y.len()) else {
            continue;
        };
        steps = left;
        let anchors = unique_in_both(x, y);
        if anchors.is_empty() {
            continue;
        }
        let (mut i, mut j) = (a.start, b.start);
        for (x, y) in anchors {
            let (x, y) = (a.start + x, b.start + y);
            pairs.push((x, y));
            parts.push((i..x, j..y));
            (i, j) = (x + 1, y + 1);
        }
        parts.push((i..a.end, j..b.end));
    }
    pairs.sort_unstable();
    pairs
}

/// A longest common subsequence, if there are few enough differences (Myers 1986).
fn shortest(
    a: &[u32],
    b: &[u32],
    differences: usize,
    steps: &mut usize,
) -> Option<Vec<(usize, usize)>> {
    let most = differences.min(a.len() + b.len());
    // The furthest place in `a` on each diagonal `i - j`, which may be negative: diagonal k is at `zero + k`.
    let zero = most + 1;
    let mut furthest = vec![0_usize; 2 * most + 3];
    let mut trace: Vec<Vec<u32>> = Vec::new();
    for d in 0..=most {
        trace.push(
            furthest[zero - d - 1..=zero + d + 1]
                .iter()
                .map(|place| *place as u32)
                .collect(),
        );
        *steps = steps.checked_sub(2 * d + 1)?;
        for diagonal in (zero - d..=zero + d).step_by(2) {
            let is_down = diagonal == zero - d
                || (diagonal != zero + d && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut i = match is_down {
                true => furthest[diagonal + 1],
                false => furthest[diagonal - 1] + 1,
            };
            // A place beside the sequences leads nowhere.
            let Some(mut j) = (i + zero).checked_sub(diagonal) else {
                continue;
            };
            while i < a.len() && j < b.len() && a[i] == b[j] {
                (i, j) = (i + 1, j + 1);
                *steps = steps.checked_sub(1)?;
            }
            furthest[diagonal] = i;
            if i >= a.len() && j >= b.len() {
                return Some(back(&trace, a.len(), b.len()));
            }
        }
    }
    None
}

/// The matches on the way back from the ends of both sequences; `trace` has the state before each step.
fn back(trace: &[Vec<u32>], mut i: usize, mut j: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (d, furthest) in trace.iter().enumerate().rev() {
        if d == 0 {
            break;
        }
        // In this state, diagonal k is at `d + 1 + k`.
        let diagonal = d + 1 + i - j;
        let is_down = diagonal == 1
            || (diagonal != 2 * d + 1 && furthest[diagonal - 1] < furthest[diagonal + 1]);
        let from = match is_down {
            true => diagonal + 1,
            false => diagonal - 1,
        };
        let before = furthest[from] as usize;
        let (before_i, before_j) = (before, before + d + 1 - from);
        while i > before_i && j > before_j {
            (i, j) = (i - 1, j - 1);
            pairs.push((i, j));
        }
        (i, j) = (before_i, before_j);
    }
    while i > 0 && j > 0 {
        (i, j) = (i - 1, j - 1);
        pairs.push((i, j));
    }
    pairs.reverse();
    pairs
}

/// Places of elements that occur once in both, as many as are in the same order.
fn unique_in_both(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let places = |all: &[u32]| {
        let mut places: HashMap<u32, Option<usize>> = HashMap::with_capacity(all.len());
        for (place, element) in all.iter().enumerate() {
            let first = places.entry(*element);
            first
                .and_modify(|place| *place = None)
                .or_insert(Some(place));
        }
        places
    };
    let (in_a, in_b) = (places(a), places(b));
    let both = a.iter().enumerate().filter_map(|(place, element)| {
        in_a[element]?;
        Some((place, (*in_b.get(element)?)?))
    });
    increasing(&both.collect::<Vec<_>>())
}

/// The longest part of these pairs whose second places increase, too.
fn increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair that ends such a part with the smallest place.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, place)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *place);
        previous.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut found = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(index) = next {
        found.push(pairs[index]);
        next = previous[index];
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The length of a longest common subsequence, by the table that every textbook has.
    fn slow_length(a: &[u32], b: &[u32]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                table[i + 1][j + 1] = match x == y {
                    true => table[i][j] + 1,
                    false => table[i][j + 1].max(table[i + 1][j]),
                };
            }
        }
        table[a.len()][b.len()]
    }

    /// Whether the pairs increase and are equal.
    fn is_alignment(a: &[u32], b: &[u32], pairs: &[(usize, usize)]) -> bool {
        let increases = |two: &[(usize, usize)]| two[0].0 < two[1].0 && two[0].1 < two[1].1;
        pairs.windows(2).all(increases) && pairs.iter().all(|(i, j)| a[*i] == b[*j])
    }

    #[test]
    fn an_inserted_element_shifts_nothing() {
        assert_eq!(align(&[1, 2, 3], &[1, 9, 2, 3]), [(0, 0), (1, 2), (2, 3)]);
        assert_eq!(align(&[1, 2, 3], &[3]), [(2, 0)]);
        assert_eq!(align(&[1, 2], &[3, 4]), []);
        assert_eq!(align(&[], &[1]), []);
        // Of an element that changed places, one side is left over.
        assert_eq!(align(&[1, 2, 3, 4], &[2, 3, 4, 1]).len(), 3);
    }

    #[test]
    fn ten_thousand_elements_in_another_order_are_aligned_within_the_steps() {
        let ascending: Vec<u32> = (0..10_000).collect();
        // No order is left of them, and each occurs once.
        let mixed: Vec<u32> = ascending.iter().map(|n| n * 7_919 % 10_000).collect();
        let pairs = align(&ascending, &mixed);
        assert!(is_alignment(&ascending, &mixed, &pairs));
        assert!(!pairs.is_empty());
        // Few different ones, so that none occurs once.
        let few: Vec<u32> = ascending.iter().map(|n| n % 7).collect();
        let others: Vec<u32> = ascending.iter().map(|n| n * n % 11).collect();
        assert!(is_alignment(&few, &others, &align(&few, &others)));
        // Many differences between unique elements: all that is common is found.
        let odd: Vec<u32> = ascending.iter().map(|n| n + n % 2 * 100_000).collect();
        assert_eq!(align(&ascending, &odd).len(), 5_000);
    }

    proptest! {
        #[test]
        fn it_is_a_longest_common_subsequence(
            a in vec(0_u32..6, 0..40),
            b in vec(0_u32..6, 0..40),
        ) {
            let pairs = align(&a, &b);
            prop_assert!(is_alignment(&a, &b, &pairs));
            prop_assert_eq!(pairs.len(), slow_length(&a, &b));
        }

        #[test]
        fn with_few_steps_it_is_still_an_alignment(
            a in vec(0_u32..30, 0..40),
            b in vec(0_u32..30, 0..40),
            differences in 0_usize..6,
            steps in 0_usize..2_000,
        ) {
            let pairs = align_within(&a, &b, differences, steps);
            prop_assert!(is_alignment(&a, &b, &pairs));
        }
    }
}
