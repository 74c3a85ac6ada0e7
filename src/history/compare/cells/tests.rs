//! Transitions and durations, held against a search result by result.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::pairing::{Kind, Pair};
use super::*;

/// As many tasks and hosts as there are, paired with themselves.
fn pairing(tasks: usize) -> Pairing {
    let pairs = (0..tasks).map(|place| Pair {
        before: place,
        now: place,
        kind: Kind::Same,
    });
    Pairing {
        pairs: pairs.collect(),
        ..Pairing::default()
    }
}

fn cells(tasks: usize, all: &[(u32, u32, Outcome, i64)]) -> Cells {
    let mut cells = Cells::new(tasks);
    for (task, host, outcome, ms) in all {
        let cell = Cell::new(*task, *host, *outcome, Some(ms * 1000));
        cells.push(*task as usize, cell);
    }
    cells
}

fn side<'s>(cells: &'s Cells, hosts: &'s [u32]) -> Side<'s> {
    Side {
        cells,
        hosts,
        is_partial: false,
    }
}

#[test]
fn a_cell_holds_what_it_is_given() {
    for outcome in Outcome::ALL {
        for (us, ms) in [
            (None, None),
            (Some(0), Some(0)),
            (Some(1_999), Some(1)),
            (Some(i64::MAX), Some(LONGEST)),
        ] {
            let cell = Cell::new(1, 2, outcome, us);
            assert_eq!((cell.outcome(), cell.ms()), (outcome, ms));
        }
    }
    assert_eq!(size_of::<Cell>(), 12);
}

#[test]
fn a_duration_differs_if_both_thresholds_are_passed() {
    let of = |before: u32, now: u32| duration(0, &mut [before], &mut [now]).is_some();
    assert!(of(1_000, 2_000) && of(2_000, 1_000) && of(60_000, 90_000));
    assert!(!of(10, 900), "less than a second");
    assert!(!of(60_000, 80_000), "less than half");
    assert_eq!(duration(0, &mut [], &mut []), None);
    // One slow host of several does not make a task slow.
    assert_eq!(duration(0, &mut [10, 10, 10], &mut [10, 9_000, 10]), None);
}

#[test]
fn what_a_failed_host_did_not_get_to_is_counted_apart() {
    let before = cells(2, &[(0, 0, Outcome::Ok, 1), (1, 0, Outcome::Ok, 1)]);
    let now = cells(2, &[(0, 0, Outcome::Failed, 1)]);
    let hosts = [0];
    let found = compare(
        &pairing(2),
        &side(&before, &hosts),
        &side(&now, &hosts),
        (1, 1),
    );
    assert_eq!((found.compared, found.not_reached), (1, 1));
    assert_eq!((found.failures_new, found.tasks.len()), (1, 1));
    let back = compare(
        &pairing(2),
        &side(&now, &hosts),
        &side(&before, &hosts),
        (1, 1),
    );
    assert_eq!((back.failures_fixed, back.not_reached), (1, 1));
}

#[test]
fn of_new_tasks_and_hosts_only_failures_are_told() {
    let before = cells(1, &[(0, 0, Outcome::Ok, 1)]);
    let now = cells(
        2,
        &[
            (0, 0, Outcome::Ok, 1),
            (0, 1, Outcome::Ok, 1),
            (1, 0, Outcome::Ok, 1),
            (1, 1, Outcome::Failed, 1),
        ],
    );
    let pairing = Pairing {
        added: vec![1],
        ..pairing(1)
    };
    let found = compare(&pairing, &side(&before, &[0]), &side(&now, &[0, 1]), (1, 2));
    assert_eq!(found.tasks.len(), 1);
    let moved = &found.tasks[0].transitions[0];
    assert_eq!(
        (moved.before, moved.now, moved.count),
        (Outcome::Absent, Outcome::Failed, 1)
    );
    assert_eq!(moved.spots[0].host, 1);
}

#[test]
fn of_several_results_the_worst_counts() {
    let before = cells(1, &[(0, 0, Outcome::Changed, 1), (0, 0, Outcome::Ok, 1)]);
    let now = cells(1, &[(0, 0, Outcome::Ok, 1), (0, 0, Outcome::Changed, 1)]);
    let found = compare(&pairing(1), &side(&before, &[0]), &side(&now, &[0]), (1, 1));
    assert_eq!((found.compared, found.tasks.len()), (1, 0));
}

proptest! {
    #[test]
    fn transitions_are_those_of_a_search_result_by_result(
        before in vec((0_u32..4, 0_u32..5, 0_usize..8), 0..30),
        now in vec((0_u32..4, 0_u32..5, 0_usize..8), 0..30),
    ) {
        let known = |all: &[(u32, u32, usize)]| -> HashMap<(u32, u32), Outcome> {
            let mut known = HashMap::new();
            for (task, host, outcome) in all {
                let worst: &mut Outcome = known.entry((*task, *host)).or_default();
                *worst = Outcome::ALL[(*outcome).max(1)].max(*worst);
            }
            known
        };
        let (a, b) = (known(&before), known(&now));
        let stopped = |all: &HashMap<(u32, u32), Outcome>, host: u32| {
            all.iter().any(|((_, on), outcome)| *on == host && outcome.is_failure())
        };
        let mut expected: BTreeMap<(Outcome, Outcome), u64> = BTreeMap::new();
        for task in 0..4 {
            for host in 0..5 {
                let of = |all: &HashMap<(u32, u32), Outcome>| all.get(&(task, host)).copied().unwrap_or_default();
                let (old, new) = (of(&a), of(&b));
                let is_missing = (old == Outcome::Absent && stopped(&a, host) && !new.is_failure())
                    || (new == Outcome::Absent && stopped(&b, host));
                if old != new && !is_missing {
                    *expected.entry((old, new)).or_default() += 1;
                }
            }
        }
        let rows = |all: &[(u32, u32, usize)]| -> Vec<(u32, u32, Outcome, i64)> {
            all.iter().map(|(task, host, outcome)| (*task, *host, Outcome::ALL[(*outcome).max(1)], 1)).collect()
        };
        let (a, b) = (cells(4, &rows(&before)), cells(4, &rows(&now)));
        let hosts = [0, 1, 2, 3, 4];
        let found = compare(&pairing(4), &side(&a, &hosts), &side(&b, &hosts), (5, 5));
        prop_assert_eq!(found.totals, expected);
    }
}
