//! Restores from rows what unreadable events held.
//!
//! Rows are a projection of the log. Those from a damaged part of it were made while it was intact, and are all that is
//! left: so they are kept, rather than rebuilt without it.

use std::collections::HashMap;

use playback_wire::{EndReason, ExecutionEnded, Producer};

use super::assembler::Assembler;
use super::assembler::timed::Timed as _;
use super::error::LogError;
use crate::model::{
    ExecutionKey, ExecutionRow, HostRow, PlayRow, Reason, ResultFilter, ResultRow, Status, TaskRow,
};
use crate::store::Store;

/// Rows read at once.
const ROWS: u32 = 10_000;

/// How the process ended, if the row says so.
pub(super) fn ended(row: &ExecutionRow) -> Option<ExecutionEnded> {
    if row.status == Status::Running || row.reason == Some(Reason::Lost) {
        return None;
    }
    Some(ExecutionEnded {
        exit_code: row.exit_code,
        signal: row.signal,
        succeeded: (row.exit_code.is_none() && row.status == Status::Success).then_some(true),
        reason: match row.reason {
            Some(Reason::LaunchError) => Some(EndReason::LaunchError),
            Some(Reason::TimedOut) => Some(EndReason::TimedOut),
            Some(Reason::Canceled) => Some(EndReason::Canceled),
            _ => None,
        },
        dropped: 0,
        uncaptured_programs: 0,
    })
}

/// An execution's stored rows.
#[derive(Debug)]
pub(super) struct Recalled {
    pub(super) row: ExecutionRow,
    pub(super) hosts: Vec<HostRow>,
    pub(super) plays: Vec<PlayRow>,
    pub(super) tasks: Vec<TaskRow>,
    /// Results whose events cannot be read.
    pub(super) results: Vec<ResultRow>,
}

impl Recalled {
    /// Reads the stored rows of an execution whose log has gaps.
    pub(super) async fn read(
        store: &Store,
        key: ExecutionKey,
        row: ExecutionRow,
        assembler: &Assembler,
    ) -> Result<Self, LogError> {
        let mut recalled = Self {
            plays: store.plays(key).await?,
            row,
            hosts: Vec::new(),
            tasks: Vec::new(),
            results: Vec::new(),
        };
        loop {
            let after = recalled.hosts.last().map_or(0, |last| last.number);
            let page = store.hosts(key, after, ROWS).await?;
            if page.is_empty() {
                break;
            }
            recalled.hosts.extend(page);
        }
        loop {
            let after = recalled.tasks.last().map_or(0, |last| last.number);
            let page = store.tasks(key, after, ROWS).await?;
            if page.is_empty() {
                break;
            }
            recalled.tasks.extend(page);
        }
        for (_, first, last) in assembler
            .gaps()
            .filter(|(producer, ..)| *producer == Producer::Recorder)
        {
            let mut after_seq = first - 1;
            while after_seq < last {
                let filter = ResultFilter {
                    after_seq,
                    limit: ROWS,
                    ..ResultFilter::default()
                };
                let page = store.results(key, &filter).await?;
                let Some(end) = page.last() else { break };
                after_seq = end.row.seq;
                let rows = page.into_iter().map(|entry| entry.row);
                recalled.results.extend(rows.filter(|row| row.seq <= last));
            }
        }
        Ok(recalled)
    }

    /// Removes the clock correction: the other rows are not corrected yet.
    pub(super) fn by_the_producers_clock(&mut self) {
        let back_us = -self.row.description.clock_corrected_us;
        self.row.base_us = self.row.base_us.saturating_add(back_us);
        self.row.ended_us = self.row.ended_us.map(|us| us.saturating_add(back_us));
        self.hosts.iter_mut().for_each(|host| host.shift(back_us));
        self.plays.iter_mut().for_each(|play| play.shift(back_us));
        self.tasks.iter_mut().for_each(|task| task.shift(back_us));
    }

    /// The stored hosts, followed by the new ones; also, for the number of each host in `found`, its number there.
    pub(super) fn merge_hosts(&mut self, found: Vec<HostRow>) -> (Vec<HostRow>, HashMap<u32, u32>) {
        let mut hosts = std::mem::take(&mut self.hosts);
        let numbers: HashMap<String, u32> = hosts
            .iter()
            .map(|host| (host.name.clone(), host.number))
            .collect();
        let mut moved = HashMap::with_capacity(found.len());
        for mut host in found {
            let next = hosts.last().map_or(0, |last| last.number) + 1;
            let number = numbers.get(&host.name).copied().unwrap_or(next);
            moved.insert(host.number, number);
            if number == next {
                host.number = number;
                hosts.push(host);
            }
        }
        (hosts, moved)
    }
}
