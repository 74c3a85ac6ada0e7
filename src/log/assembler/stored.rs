//! The stored state of an execution: restores it after a restart, and collects the changes that are due.

use playback_wire::Producer;

use super::timed::Timed;
use super::tracked::{Tracked, take_rows};
use super::{Assembler, verdict};
use crate::log::recall::{self, Recalled};
use crate::model::{BlockRow, Changes, Status};

impl Assembler {
    /// Restores from the stored rows what the log no longer tells.
    pub(in crate::log) fn recall(&mut self, mut stored: Recalled) {
        stored.by_the_producers_clock();
        let ended = recall::ended(&stored.row);
        let found = std::mem::take(&mut self.hosts);
        let (hosts, moved) = stored.merge_hosts(found.into_iter().map(|host| host.row).collect());
        self.host_numbers = hosts
            .iter()
            .map(|host| (host.name.clone(), host.number))
            .collect();
        self.hosts = hosts.into_iter().map(Tracked::new).collect();
        for play in stored.plays {
            self.plays.insert(play.number, Tracked::new(play));
        }
        for task in stored.tasks {
            self.tasks.insert(task.number, Tracked::new(task));
        }
        let row = stored.row;
        let recorder = &mut self.producers[Producer::Recorder as usize];
        let mut shift_us = 0;
        if recorder.gaps.first().is_some_and(|(first, _)| *first == 1) {
            shift_us = recorder
                .first_at
                .map_or(0, |first_at| first_at - row.base_us);
            recorder.first_at = Some(row.base_us);
        }
        for result in &mut self.results {
            result.host = moved.get(&result.host).copied().unwrap_or(result.host);
            result.ended_us = result.ended_us.saturating_add(shift_us);
        }
        self.results.extend(stored.results);
        self.results.sort_by_key(|result| result.seq);
        self.row.results = self.row.results.max(row.results);
        for producer in &mut self.producers {
            if producer.gaps.is_empty() {
                continue;
            }
            if producer.gaps.iter().any(|(first, _)| *first == 1) {
                producer
                    .description
                    .get_or_insert_with(|| row.description.clone());
            }
            if let (None, Some(ended)) = (producer.ended, ended) {
                producer.ended = Some(ended);
                producer.last_at = producer.last_at.max(row.ended_us.unwrap_or_default());
            }
            producer.usage = producer.usage.or(row.usage);
        }
        self.row.description = verdict::description(&self.producers);
        self.fresh = true;
        self.refresh();
    }

    /// Adds a block to the log; its events must have been applied.
    pub fn push_block(&mut self, block: BlockRow) {
        self.blocks.push(block);
    }

    /// Whether rows differ from the changes taken so far.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.row_dirty
    }

    /// Declares that the log holds everything applied so far, and the store a row for everything in it: after a replay.
    /// Rows of a running execution may lag behind the log, so they are written again with the next changes.
    pub fn assume_logged(&mut self) {
        fn assume<'a, T: 'a>(rows: impl Iterator<Item = &'a mut Tracked<T>>) {
            for tracked in rows {
                tracked.stored = true;
                tracked.dirty = true;
            }
        }
        self.results.clear();
        self.facts.clear();
        self.retracted.clear();
        self.blocks.clear();
        assume(self.hosts.iter_mut());
        assume(self.plays.values_mut());
        assume(self.tasks.values_mut());
        self.fresh = false;
        self.renumbered = false;
        self.start_moved = true;
        self.row_stored = true;
        self.row_dirty = true;
    }

    /// Declares that another collector stored the results and events applied since changes were last taken, with the
    /// execution in this status, which may be due to silence alone. New or changed rows are written again with the next
    /// changes.
    pub fn assume_stored(&mut self, status: Status) {
        self.results.clear();
        self.facts.clear();
        self.retracted.clear();
        self.blocks.clear();
        match status {
            Status::Running => self.mark_alive(),
            _ => self.mark_lost(),
        }
    }

    /// The changes to write: results, blocks and new rows always; changed rows if `all`, or when the run entered
    /// another phase or is over.
    pub fn take_changes(&mut self, all: bool) -> Changes {
        // The execution's row must not be ahead of the others, so that its counts match what readers find.
        let all = all || self.is_final() || self.moved_on;
        let mut changes = Changes {
            replace_hosts: std::mem::take(&mut self.renumbered),
            results: std::mem::take(&mut self.results),
            facts: std::mem::take(&mut self.facts),
            retracted: std::mem::take(&mut self.retracted),
            blocks: std::mem::take(&mut self.blocks),
            ..Changes::default()
        };
        let corrected_us = self.row.description.clock_corrected_us;
        for facts in &mut changes.facts {
            facts.shift(corrected_us);
        }
        if all || self.fresh {
            changes.hosts = take_rows(self.hosts.iter_mut(), all, corrected_us);
            changes.plays = take_rows(self.plays.values_mut(), all, corrected_us);
            changes.tasks = take_rows(self.tasks.values_mut(), all, corrected_us);
            self.fresh = false;
        }
        if !self.row_stored || (all && self.row_dirty) {
            self.row_stored = true;
            self.row_dirty = false;
            self.moved_on = false;
            changes.start_moved = std::mem::take(&mut self.start_moved);
            changes.execution = Some(Box::new(self.row.clone()));
            if std::mem::take(&mut self.alive_due) {
                changes.alive_us = self.alive_us;
            }
        }
        changes
    }
}
