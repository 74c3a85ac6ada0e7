//! Groups failed results: those that count by error, each host with its first one; those that were handled by task.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::{FailureRow, ResultFlags};

/// Failed results that belong together.
#[derive(Debug)]
pub(super) struct Group<'f> {
    /// Fingerprint of their error, if known.
    pub(super) fingerprint: Option<i64>,
    /// The results, in order; at least one.
    pub(super) members: Vec<&'f FailureRow>,
}

impl Group<'_> {
    /// Numbers of the tasks, each with its number of hosts: those of the most hosts first.
    pub(super) fn tasks(&self) -> Vec<(u32, u64)> {
        let mut hosts: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for row in &self.members {
            hosts.entry(row.task).or_default().insert(row.host);
        }
        let tasks = hosts.into_iter();
        let mut tasks: Vec<_> = tasks.map(|(task, on)| (task, on.len() as u64)).collect();
        tasks.sort_by_key(|(_, hosts)| std::cmp::Reverse(*hosts));
        tasks
    }

    /// Names of the hosts, each once, `limit` at most.
    pub(super) fn hosts(&self, limit: usize) -> Vec<String> {
        let mut seen = HashSet::new();
        let members = self.members.iter();
        let members = members.filter(|row| seen.insert(row.host));
        members
            .map(|row| row.host_name.clone())
            .take(limit)
            .collect()
    }

    pub(super) fn host_count(&self) -> u64 {
        let hosts: HashSet<u32> = self.members.iter().map(|row| row.host).collect();
        hosts.len() as u64
    }
}

/// The failures that count.
#[derive(Debug, Default)]
pub(super) struct Groups<'f> {
    /// By error, those of the most hosts first.
    pub(super) groups: Vec<Group<'f>>,
    /// Number of failures of hosts that had failed before.
    pub(super) later: u64,
}

impl Groups<'_> {
    /// Keeps the first `count` groups, and returns the others.
    pub(super) fn split_off(&mut self, count: usize) -> Self {
        let groups = self.groups.split_off(count.min(self.groups.len()));
        Self { groups, later: 0 }
    }

    /// Number of hosts in all groups.
    pub(super) fn hosts(&self) -> u64 {
        self.groups
            .iter()
            .map(|group| group.members.len() as u64)
            .sum()
    }
}

/// The key of a group of results: their error or, if unknown, their task and outcome.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Error(i64),
    Task(u32, i32),
}

/// The failures that count: of each host the first one.
pub(super) fn groups(rows: &[FailureRow]) -> Groups<'_> {
    let handled = ResultFlags::HANDLED | ResultFlags::RETRACTED;
    let mut found = Groups::default();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut failed = HashSet::new();
    for row in rows.iter().filter(|row| !row.flags.has(handled)) {
        if !failed.insert(row.host) {
            found.later += 1;
            continue;
        }
        let key = match row.fingerprint {
            Some(fingerprint) => Key::Error(fingerprint),
            None => Key::Task(row.task, row.status as i32),
        };
        let place = *places.entry(key).or_insert_with(|| {
            found.groups.push(Group {
                fingerprint: row.fingerprint,
                members: Vec::new(),
            });
            found.groups.len() - 1
        });
        found.groups[place].members.push(row);
    }
    // Stable: groups of equally many hosts stay in the order in which they first occurred.
    let groups = &mut found.groups;
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    found
}

/// The failures that a `rescue` or `ignore_errors` handled, by task, in order; `limit` groups at most.
pub(super) fn handled(rows: &[FailureRow], limit: usize) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(u32, bool), Group<'_>> = BTreeMap::new();
    for row in rows {
        if !row.flags.has(ResultFlags::HANDLED) || row.flags.has(ResultFlags::RETRACTED) {
            continue;
        }
        let key = (row.task, row.flags.has(ResultFlags::RESCUED));
        let group = groups.entry(key).or_insert_with(|| Group {
            fingerprint: row.fingerprint,
            members: Vec::new(),
        });
        group.members.push(row);
    }
    groups.into_values().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use playback_wire::ResultStatus;
    use proptest::prelude::*;

    use super::*;

    fn row(seq: u64, task: u32, host: u32, flags: u8, fingerprint: Option<i64>) -> FailureRow {
        FailureRow {
            seq,
            task,
            host,
            host_name: format!("web-{host}"),
            status: ResultStatus::Failed,
            flags: ResultFlags(flags),
            fingerprint,
        }
    }

    #[test]
    fn each_host_counts_with_its_first_failure() {
        let rows = [
            row(1, 1, 1, 0, Some(7)),
            row(2, 1, 2, ResultFlags::RESCUED, Some(7)),
            row(3, 2, 2, 0, Some(8)),
            row(4, 2, 3, 0, Some(8)),
            row(5, 3, 1, 0, Some(8)),
            row(6, 3, 4, 0, None),
            row(7, 4, 5, ResultFlags::RETRACTED, Some(7)),
        ];
        let mut found = groups(&rows);
        let of = |groups: &Groups<'_>| -> Vec<_> {
            let groups = groups.groups.iter();
            groups
                .map(|group| (group.fingerprint, group.hosts(9)))
                .collect()
        };
        let web = |hosts: &[u32]| hosts.iter().map(|n| format!("web-{n}")).collect::<Vec<_>>();
        assert_eq!(
            of(&found),
            [
                (Some(8), web(&[2, 3])),
                (Some(7), web(&[1])),
                (None, web(&[4]))
            ]
        );
        assert_eq!(found.later, 1);
        let rest = found.split_off(1);
        assert_eq!(
            (found.groups.len(), rest.groups.len(), rest.hosts()),
            (1, 2, 2)
        );
        let handled = handled(&rows, 9);
        assert_eq!(handled.len(), 1);
        assert_eq!(handled[0].tasks(), [(1, 1)]);
    }

    proptest! {
        /// Compared with a search through all rows for each host and error.
        #[test]
        fn groups_are_those_of_an_obvious_search(
            cells in proptest::collection::vec((1..5u32, 1..6u32, 0..8u8, 0..4i64), 0..40),
        ) {
            let flag = |bits: u8| match bits {
                1 => ResultFlags::IGNORED,
                2 => ResultFlags::RESCUED,
                3 => ResultFlags::RETRACTED,
                _ => 0,
            };
            let rows: Vec<FailureRow> = cells
                .iter()
                .zip(1..)
                .map(|((task, host, bits, error), seq)| {
                    row(seq, *task, *host, flag(*bits), (*error > 0).then_some(*error))
                })
                .collect();
            let first = |host: u32| {
                let mut rows = rows.iter();
                rows.find(|row| row.host == host && row.flags.0 == 0)
            };
            let found = groups(&rows);
            for error in 1..4 {
                let expected: Vec<u32> = (1..6)
                    .filter(|host| first(*host).is_some_and(|row| row.fingerprint == Some(error)))
                    .collect();
                let mut groups = found.groups.iter();
                let group = groups.find(|group| group.fingerprint == Some(error));
                let members = group.map_or(&[] as &[_], |group| &group.members);
                let mut hosts: Vec<u32> = members.iter().map(|row| row.host).collect();
                hosts.sort_unstable();
                prop_assert_eq!(hosts, expected);
            }
            let hosts = (1..6).filter(|host| first(*host).is_some()).count() as u64;
            let counting = rows.iter().filter(|row| row.flags.0 == 0).count() as u64;
            prop_assert_eq!(found.hosts(), hosts);
            prop_assert_eq!(found.later, counting - hosts);
            let sizes: Vec<usize> = found.groups.iter().map(|group| group.members.len()).collect();
            prop_assert!(sizes.is_sorted_by(|a, b| a >= b));
        }
    }
}
