//! Counts found lines by facets.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{ExecutionRow, Facet, FacetCount, FoundTask, SearchFacets, time_from_us};

/// Values of a facet in an answer.
const VALUES: usize = 20;

/// Different values of a facet that are counted.
const COUNTED: usize = 10_000;

/// Counts so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    wanted: BTreeSet<Facet>,
    lines: u64,
    runs: u64,
    counts: BTreeMap<Facet, HashMap<String, u64>>,
}

impl Counts {
    pub(super) fn of(wanted: &BTreeSet<Facet>) -> Self {
        Self {
            wanted: wanted.clone(),
            ..Self::default()
        }
    }

    /// Counts a run with found lines.
    pub(super) fn add_run(&mut self) {
        self.runs += 1;
    }

    /// Counts a line.
    pub(super) fn add(
        &mut self,
        row: &ExecutionRow,
        at_us: i64,
        host: Option<&str>,
        task: Option<&FoundTask>,
        action: Option<&str>,
    ) {
        self.lines += 1;
        for facet in &self.wanted {
            let module = || action.or(task.map(|task| task.action.as_str()));
            let value = match facet {
                Facet::Playbook => row.description.playbook.clone(),
                Facet::Host => host.map(str::to_owned),
                Facet::Task => task.map(|task| task.name.clone()),
                Facet::Module => module().map(str::to_owned),
                Facet::Status => Some(row.status.as_str().to_owned()),
                Facet::Day => Some(time_from_us(at_us).format("%Y-%m-%d").to_string()),
            };
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            let counts = self.counts.entry(*facet).or_default();
            if counts.len() < COUNTED || counts.contains_key(&value) {
                *counts.entry(value).or_default() += 1;
            }
        }
    }

    pub(super) fn answer(mut self) -> SearchFacets {
        let mut of = |facet| {
            let counts = self.counts.remove(&facet).unwrap_or_default();
            let counts = counts.into_iter();
            let counts = counts.map(|(value, lines)| FacetCount { value, lines });
            let mut counts: Vec<FacetCount> = counts.collect();
            match facet {
                Facet::Day => counts.sort_by(|one, other| other.value.cmp(&one.value)),
                _ => counts.sort_by(|one, other| {
                    let by_value = one.value.cmp(&other.value);
                    other.lines.cmp(&one.lines).then(by_value)
                }),
            }
            counts.truncate(VALUES);
            counts
        };
        SearchFacets {
            playbook: of(Facet::Playbook),
            host: of(Facet::Host),
            task: of(Facet::Task),
            module: of(Facet::Module),
            status: of(Facet::Status),
            day: of(Facet::Day),
            lines: self.lines,
            runs: self.runs,
        }
    }
}
