//! Pairs the tasks of two runs: by role, name, file, play and action, in an order that both share; what is
//! left is matched as moved or renamed. Pure.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::align::align;
use super::tasks::{Task, Tasks};

/// How a task is in both runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// At the same place, with the same name.
    Same,
    /// After other tasks, or in another file or play.
    Moved,
    /// With another name.
    Renamed,
}

/// A task of both runs, by its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) before: usize,
    pub(super) now: usize,
    pub(super) kind: Kind,
}

/// The tasks of both runs, and those of one.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// In the order of `now`.
    pub(super) pairs: Vec<Pair>,
    pub(super) gone: Vec<usize>,
    pub(super) added: Vec<usize>,
    /// Of each play of `before`, and of `now`: the place of the last task that both have in the same order.
    pub(super) last: [HashMap<usize, usize>; 2],
}

impl Pairing {
    /// Whether a task of `before` comes after all tasks of its play that `now` has too.
    pub(super) fn is_behind_before(&self, place: usize, task: &Task) -> bool {
        self.last[0]
            .get(&task.play)
            .is_none_or(|last| *last < place)
    }

    /// Whether a task of `now` comes after all tasks of its play that `before` has too.
    pub(super) fn is_behind_now(&self, place: usize, task: &Task) -> bool {
        self.last[1]
            .get(&task.play)
            .is_none_or(|last| *last < place)
    }
}

/// Gives equal keys equal numbers.
struct Numbers<K>(HashMap<K, u32>);

impl<K: Eq + Hash> Numbers<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn of(&mut self, key: K) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }
}

/// Pairs the tasks of two runs.
pub(super) fn pair(before: &Tasks, now: &Tasks) -> Pairing {
    let plays = plays(before, now);
    let play = |task: &Task| plays[task.play];
    let (a, b) = (&before.list, &now.list);
    let mut matched = Matched::new(a.len(), b.len());

    // The same in all respects.
    let mut numbers = Numbers::new();
    let of_a: Vec<u32> = a
        .iter()
        .map(|task| numbers.of(key(task, task.play)))
        .collect();
    let of_b: Vec<u32> = b
        .iter()
        .map(|task| numbers.of(key(task, play(task))))
        .collect();
    for (i, j) in align(&of_a, &of_b) {
        matched.add(i, j, Kind::Same);
    }
    matched.in_order = matched.pairs.clone();

    // Between these: in another play or file.
    let mut names = Numbers::new();
    let name_of_a: Vec<u32> = a.iter().map(|task| names.of(name(task))).collect();
    let name_of_b: Vec<u32> = b.iter().map(|task| names.of(name(task))).collect();
    for (i, j) in matched.between(|i| name_of_a[i], |j| name_of_b[j]) {
        let kind = match a[i].file == b[j].file {
            true => Kind::Same,
            false => Kind::Moved,
        };
        matched.add(i, j, kind);
        matched.in_order.push(Pair {
            before: i,
            now: j,
            kind,
        });
    }
    matched.in_order.sort_unstable_by_key(|pair| pair.before);

    // Elsewhere: the same in all respects, or at least by role, name and action.
    matched.elsewhere(&of_a, &of_b);
    matched.elsewhere(&name_of_a, &name_of_b);

    // Between the same neighbours, with another name.
    let mut kinds = Numbers::new();
    let kind_of_a: Vec<u32> = a
        .iter()
        .map(|task| kinds.of(unnamed(task, task.play)))
        .collect();
    let kind_of_b: Vec<u32> = b
        .iter()
        .map(|task| kinds.of(unnamed(task, play(task))))
        .collect();
    for (i, j) in matched.between(|i| kind_of_a[i], |j| kind_of_b[j]) {
        matched.add(i, j, Kind::Renamed);
    }
    matched.into_pairing(a, b)
}

/// For each play of `now`: which of `before` it is; a new one has a number that `before` does not have.
fn plays(before: &Tasks, now: &Tasks) -> Vec<usize> {
    let mut numbers = Numbers::new();
    let a: Vec<u32> = before.plays.iter().map(|name| numbers.of(name)).collect();
    let b: Vec<u32> = now.plays.iter().map(|name| numbers.of(name)).collect();
    let mut matched = Matched::new(a.len(), b.len());
    for (i, j) in align(&a, &b) {
        matched.add(i, j, Kind::Same);
    }
    matched.in_order = matched.pairs.clone();
    // A play with another name is at the same place.
    for (i, j) in matched.between(|_| 0, |_| 0) {
        matched.add(i, j, Kind::Renamed);
    }
    let mut plays: Vec<usize> = (0..b.len()).map(|j| a.len() + j).collect();
    for pair in &matched.pairs {
        plays[pair.now] = pair.before;
    }
    plays
}

fn key(task: &Task, play: usize) -> (usize, &str, &str, &str, &str) {
    let shown = &task.shown;
    (play, &shown.role, &task.file, &shown.name, &shown.action)
}

fn name(task: &Task) -> (&str, &str, &str) {
    (&task.shown.role, &task.shown.name, &task.shown.action)
}

fn unnamed(task: &Task, play: usize) -> (usize, &str, &str, &str) {
    (play, &task.shown.role, &task.file, &task.shown.action)
}

/// The pairs matched so far.
struct Matched {
    pairs: Vec<Pair>,
    /// Those in an order that both share.
    in_order: Vec<Pair>,
    before: Vec<bool>,
    now: Vec<bool>,
}

impl Matched {
    fn new(before: usize, now: usize) -> Self {
        Self {
            pairs: Vec::new(),
            in_order: Vec::new(),
            before: vec![false; before],
            now: vec![false; now],
        }
    }

    fn add(&mut self, before: usize, now: usize, kind: Kind) {
        self.pairs.push(Pair { before, now, kind });
        self.before[before] = true;
        self.now[now] = true;
    }

    /// Aligns what is not matched between two neighbours that are.
    fn between(
        &self,
        of_before: impl Fn(usize) -> u32,
        of_now: impl Fn(usize) -> u32,
    ) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let (mut i, mut j) = (0, 0);
        let ends = self.in_order.iter().map(|pair| (pair.before, pair.now));
        for (end_i, end_j) in ends.chain([(self.before.len(), self.now.len())]) {
            let a: Vec<usize> = (i..end_i).filter(|i| !self.before[*i]).collect();
            let b: Vec<usize> = (j..end_j).filter(|j| !self.now[*j]).collect();
            if !a.is_empty() && !b.is_empty() {
                let of_a: Vec<u32> = a.iter().map(|i| of_before(*i)).collect();
                let of_b: Vec<u32> = b.iter().map(|j| of_now(*j)).collect();
                let pairs = align(&of_a, &of_b).into_iter();
                found.extend(pairs.map(|(x, y)| (a[x], b[y])));
            }
            (i, j) = (end_i + 1, end_j + 1);
        }
        found
    }

    /// Matches what has the same number somewhere else, the first with the first.
    fn elsewhere(&mut self, of_before: &[u32], of_now: &[u32]) {
        let mut left: HashMap<u32, VecDeque<usize>> = HashMap::new();
        for (i, number) in of_before.iter().enumerate() {
            if !self.before[i] {
                left.entry(*number).or_default().push_back(i);
            }
        }
        for (j, number) in of_now.iter().enumerate() {
            if !self.now[j]
                && let Some(i) = left.get_mut(number).and_then(VecDeque::pop_front)
            {
                self.add(i, j, Kind::Moved);
            }
        }
    }

    fn into_pairing(self, before: &[Task], now: &[Task]) -> Pairing {
        let unmatched = |matched: &[bool]| {
            let places = matched.iter().enumerate();
            let places = places.filter(|(_, is_matched)| !**is_matched);
            places.map(|(place, _)| place).collect()
        };
        let mut last = [HashMap::new(), HashMap::new()];
        for pair in &self.in_order {
            last[0].insert(before[pair.before].play, pair.before);
            last[1].insert(now[pair.now].play, pair.now);
        }
        let (gone, added) = (unmatched(&self.before), unmatched(&self.now));
        let mut pairs = self.pairs;
        pairs.sort_unstable_by_key(|pair| pair.now);
        Pairing {
            pairs,
            gone,
            added,
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::testing::{play, row, task};
    use super::*;
    use crate::model::TaskRow;

    fn tasks(rows: Vec<TaskRow>) -> Tasks {
        let mut rows = rows;
        for (number, row) in (1..).zip(&mut rows) {
            row.number = number;
        }
        Tasks::new(&row(), &[play(1, "web"), play(2, "db")], rows)
    }

    fn named(names: &[&str]) -> Tasks {
        tasks(names.iter().map(|name| task(1, 1, name)).collect())
    }

    fn paired(before: &[&str], now: &[&str]) -> Pairing {
        pair(&named(before), &named(now))
    }

    fn of_kind(pairing: &Pairing, kind: Kind) -> Vec<(usize, usize)> {
        let pairs = pairing.pairs.iter().filter(|pair| pair.kind == kind);
        pairs.map(|pair| (pair.before, pair.now)).collect()
    }

    #[test]
    fn an_inserted_task_shifts_nothing() {
        let found = paired(&["a", "b", "c"], &["a", "x", "b", "c"]);
        assert_eq!(of_kind(&found, Kind::Same), [(0, 0), (1, 2), (2, 3)]);
        assert_eq!((found.added, found.gone), (vec![1], vec![]));
    }

    #[test]
    fn a_task_at_another_place_is_moved_and_one_with_another_name_renamed() {
        let found = paired(&["a", "b", "c", "d"], &["b", "c", "e", "a"]);
        assert_eq!(of_kind(&found, Kind::Same), [(1, 0), (2, 1)]);
        assert_eq!(of_kind(&found, Kind::Moved), [(0, 3)]);
        assert_eq!(of_kind(&found, Kind::Renamed), [(3, 2)]);
        assert!(found.added.is_empty() && found.gone.is_empty());
    }

    #[test]
    fn another_action_is_another_task() {
        let mut other = task(2, 1, "x");
        other.action = "copy".to_owned();
        let before = tasks(vec![task(1, 1, "a"), task(2, 1, "b"), task(3, 1, "c")]);
        let now = tasks(vec![task(1, 1, "a"), other, task(3, 1, "c")]);
        let found = pair(&before, &now);
        assert_eq!((found.added, found.gone), (vec![1], vec![1]));
    }

    #[test]
    fn another_file_moves_a_task_and_another_play_name_does_not() {
        let elsewhere = |name: &str| TaskRow {
            path: "other.yml".to_owned(),
            ..task(1, 1, name)
        };
        let before = tasks(vec![task(1, 1, "a"), task(2, 1, "b")]);
        let now = tasks(vec![task(1, 1, "a"), elsewhere("b")]);
        let found = pair(&before, &now);
        assert_eq!(of_kind(&found, Kind::Moved), [(1, 1)]);
        let mut renamed = tasks(vec![task(1, 1, "a"), task(2, 1, "b")]);
        renamed.plays[0] = "web servers".to_owned();
        assert_eq!(
            of_kind(&pair(&before, &renamed), Kind::Same),
            [(0, 0), (1, 1)]
        );
    }

    #[test]
    fn tasks_behind_the_last_common_one_of_their_play_are_known() {
        let before = tasks(vec![
            task(1, 1, "a"),
            task(2, 1, "b"),
            task(3, 2, "c"),
            task(4, 2, "d"),
        ]);
        let now = tasks(vec![task(1, 1, "a"), task(3, 2, "d")]);
        let found = pair(&before, &now);
        assert_eq!(found.gone, [1, 2]);
        assert!(found.is_behind_before(1, &before.list[1]));
        assert!(!found.is_behind_before(2, &before.list[2]));
    }

    proptest! {
        #[test]
        fn each_task_is_in_one_place(
            before in vec("[a-e]", 0..12),
            now in vec("[a-e]", 0..12),
        ) {
            let before: Vec<&str> = before.iter().map(String::as_str).collect();
            let now: Vec<&str> = now.iter().map(String::as_str).collect();
            let found = paired(&before, &now);
            let mut places: Vec<usize> = found.pairs.iter().map(|pair| pair.before).collect();
            places.extend(&found.gone);
            places.sort_unstable();
            prop_assert_eq!(places, (0..before.len()).collect::<Vec<_>>());
            let mut places: Vec<usize> = found.pairs.iter().map(|pair| pair.now).collect();
            places.extend(&found.added);
            places.sort_unstable();
            prop_assert_eq!(places, (0..now.len()).collect::<Vec<_>>());
            // What has the same name in both is never gone.
            for place in &found.gone {
                let more = |names: &[&str]| names.iter().filter(|name| **name == before[*place]).count();
                prop_assert!(more(&before) > more(&now));
            }
        }
    }
}
